"""Photos of shoppers that are kept for a while: encrypted, without metadata, faces gone, removed in time."""

from __future__ import annotations

import base64
import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from shoplens.app import Shop
from shoplens.config import UploadSettings
from shoplens.errors import ConfigError, MissingExtraError, NotFoundError, StoreError
from shoplens.pictures.faces import STRIDES, YuNet, blurred
from shoplens.server import create_app
from shoplens.stores.kept_photos import FOLDER, KeptPhotos, forget, key_of
from tests.command import command
from tests.conftest import SmallShop, cushions

pytest.importorskip("cryptography")
KEY = bytes(range(32))
TEXT = base64.b64encode(KEY).decode()
CANARY = b"CANARY-51.4778N-0.0014W"
MAGENTA, GREY = (255, 0, 255), (120, 120, 120)


def photo(face: tuple[int, int, int, int] | None = None, size: tuple[int, int] = (320, 200)) -> Image.Image:
    """A grey picture of stripes, with a magenta "face" if asked for."""
    image = Image.new("RGB", size, GREY)
    if face is not None:
        image.paste(MAGENTA, face)
        image.paste((255, 40, 255), (face[0], face[1], (face[0] + face[2]) // 2, face[3]))
    return image


def jpeg(image: Image.Image) -> bytes:
    """A file with metadata that nobody else shall see."""
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=CANARY, quality=95)
    assert CANARY in out.getvalue()
    return out.getvalue()


# --- the store -----------------------------------------------------------------------------------


def test_no_plain_byte_is_stored_and_only_the_key_reads_it(tmp_path: Path) -> None:
    kept = KeptPhotos(tmp_path / "x", KEY, timedelta(hours=1))
    data = b"plain " * 1000 + CANARY
    one, two = kept.put(data), kept.put(data)
    files = sorted((tmp_path / "x").iterdir())
    bodies = [file.read_bytes() for file in files]
    for body in bodies:
        assert len(body) == 4 + 12 + len(data) + 16  # head, nonce, the same length, tag
        assert not any(data[at : at + 8] in body for at in range(0, 24))
        assert CANARY not in body
    assert bodies[0] != bodies[1]  # a nonce of its own for each
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert kept.read(one.id) == kept.read(two.id) == data
    with pytest.raises(StoreError, match="cannot be read"):
        KeptPhotos(tmp_path / "x", bytes(32), timedelta(hours=1)).read(one.id)
    with pytest.raises(NotFoundError):
        kept.read("0" * 32)
    files[0].write_bytes(bodies[0][:-1] + bytes([bodies[0][-1] ^ 1]))
    files[1].write_bytes(bodies[0])  # another photo under this name
    for one in kept.all():
        with pytest.raises(StoreError, match="cannot be read"):
            kept.read(one.id)


def test_what_is_kept_goes_when_its_time_is_over(tmp_path: Path) -> None:
    now = [datetime(2026, 11, 22, 8, tzinfo=UTC)]
    kept = KeptPhotos(tmp_path, KEY, timedelta(hours=2), lambda: now[0])
    kept.put(b"old")
    now[0] += timedelta(hours=1)
    young = kept.put(b"young")
    (tmp_path / f"20200101T000000Z-{'a' * 32}.photo.part").write_bytes(b"torn")  # of a process that was killed
    (tmp_path / "notes.txt").write_text("the shop's own")
    assert kept.forget() == 1
    now[0] += timedelta(hours=1)
    assert kept.forget() == 1
    assert [one.id for one in kept.all()] == [young.id]
    now[0] += timedelta(hours=1)
    assert kept.forget() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert forget(tmp_path / "nowhere") == 0


def test_keys_come_from_settings_or_a_file(tmp_path: Path) -> None:
    assert key_of(UploadSettings(key=TEXT)) == KEY
    assert key_of(UploadSettings(key=TEXT.replace("+", "-").replace("/", "_").rstrip("="))) == KEY
    for content in (KEY, TEXT.encode() + b"\n"):
        (tmp_path / "key").write_bytes(content)
        assert key_of(UploadSettings(key="ignored", key_file=tmp_path / "key")) == KEY
    for wrong in ("", "short", base64.b64encode(KEY[:31]).decode(), "?" * 44):
        with pytest.raises(ConfigError) as error:
            key_of(UploadSettings(key=wrong))
        assert "openssl" in str(error.value.hint)
        assert not wrong or wrong not in str(error.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        key_of(UploadSettings(key_file=tmp_path / "none"))


# --- faces ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with YuNet's inputs and outputs that takes magenta squares for faces: 64 pixels, all three strides."""
    return make_detector(tmp_path_factory.mktemp("faces") / "small.onnx")


def make_detector(path: Path, side: int = 64, missing: str = "") -> Path:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, outputs = [], []

    def constant(name: str, values: Any) -> str:
        array = np.asarray(values)
        tensor = onnx.numpy_helper.from_array(array, name)
        nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    # Blue first: magenta is blue and red without green. 1 where it is, 0 for grey.
    constant("weights", np.array([0.5, -1.0, 0.5], np.float32).reshape(1, 3, 1, 1) / 200)
    nodes.append(helper.make_node("Conv", ["input", "weights"], ["seen"]))
    for stride in STRIDES:
        places = (side // stride) ** 2
        pooled, shape = f"pooled_{stride}", constant(f"shape_{stride}", np.array([1, places, 1], np.int64))
        nodes.append(
            helper.make_node("AveragePool", ["seen"], [pooled], kernel_shape=[stride] * 2, strides=[stride] * 2)
        )
        nodes.append(helper.make_node("Reshape", [pooled, shape], [f"flat_{stride}"]))
        for name in ("cls", "obj"):
            nodes.append(helper.make_node("Identity", [f"flat_{stride}"], [f"{name}_{stride}"]))
        # Centre in the middle of its place, as large as the stride (exp(0) = 1).
        box = constant(f"bbox_{stride}", np.tile(np.array([0.5, 0.5, 0, 0], np.float32), (1, places, 1)))
        outputs += [(f"{n}_{stride}", [1, places, 1]) for n in ("cls", "obj")] + [(box, [1, places, 4])]
    told = [helper.make_tensor_value_info(name, kind, shape) for name, shape in outputs if name != missing]
    graph = helper.make_graph(nodes, "faces", [helper.make_tensor_value_info("input", kind, [1, 3, side, side])], told)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("face", [(80, 40, 160, 120), (0, 0, 80, 80), (240, 120, 320, 200)])
def test_faces_are_found_where_they_are_and_cannot_be_told_any_more(
    detector: Path, face: tuple[int, int, int, int]
) -> None:
    pixels = np.asarray(photo(face))
    boxes = YuNet(detector).faces(pixels)
    covered = np.zeros(pixels.shape[:2], bool)
    for left, top, right, bottom in boxes.tolist():
        assert 0 <= left < right <= 320
        assert 0 <= top < bottom <= 200
        covered[top:bottom, left:right] = True
    left, top, right, bottom = face
    assert covered[top:bottom, left:right].mean() > 0.95
    assert covered.mean() < 4 * (80 * 80) / (320 * 200)  # and little else
    out = blurred(pixels, boxes)
    assert np.array_equal(out[~covered], pixels[~covered])
    # What remains within a box is of a few colours: grains, not a picture.
    x0, y0, x1, y1 = max(boxes.tolist(), key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    assert len(np.unique(blurred(pixels, np.array([[x0, y0, x1, y1]]))[y0:y1, x0:x1].reshape(-1, 3), axis=0)) <= 25


def test_a_picture_without_faces_stays_as_it_is(detector: Path) -> None:
    pixels = np.asarray(photo())
    boxes = YuNet(detector).faces(pixels)
    assert len(boxes) == 0
    assert np.array_equal(blurred(pixels, boxes), pixels)


def test_formulas_are_those_of_the_detector(tmp_path: Path) -> None:
    """One place of each stride, by hand: centre = (column + x, row + y) * stride, size = exp(...) * stride."""
    from shoplens.pictures import faces

    told: dict[str, Any] = {}
    for stride in STRIDES:
        places = (64 // stride) ** 2
        for name in ("cls", "obj"):
            told[f"{name}_{stride}"] = np.zeros((1, places, 1), np.float32)
        told[f"bbox_{stride}"] = np.zeros((1, places, 4), np.float32)
    told["cls_16"][0, 6], told["obj_16"][0, 6] = 0.49, 1.0  # sqrt(0.49 * 1) = 0.7; row 1, column 2 of 4
    told["bbox_16"][0, 6] = [0.25, 0.5, np.log(2.0), 0.0]
    (box,) = faces._boxes(told, 64, 0.69)
    wide, high = 0.5 + faces._WIDER, 0.5 + faces._WIDER
    expected = [2.25 * 16 - 32 * wide, 1.5 * 16 - 16 * high, 2.25 * 16 + 32 * wide, 1.5 * 16 + 16 * high]
    assert np.allclose(box, expected)
    assert len(faces._boxes(told, 64, 0.71)) == 0


def test_other_models_are_refused(tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        YuNet(tmp_path / "no.onnx")
    with pytest.raises(ConfigError, match="no output obj_16"):
        YuNet(make_detector(tmp_path / "less.onnx", missing="obj_16"))


# --- the service ---------------------------------------------------------------------------------


def served(tmp_path: Path, **settings: Any) -> tuple[SmallShop, Shop]:
    small = SmallShop(tmp_path / "small")
    shop = small.open(uploads=settings)
    small.index(shop, cushions(small))
    return small, shop


def test_photos_of_queries_are_kept_without_metadata_and_faces(tmp_path: Path, detector: Path) -> None:
    small, shop = served(tmp_path, keep_hours=1, key=TEXT, blur_faces=True, face_model=detector)
    sent = jpeg(photo((80, 40, 160, 120)))
    with TestClient(create_app(shop)) as client:
        for _ in range(2):
            assert client.post("/v1/search", files={"images": sent}).status_code == 200
        assert client.get("/v1/search?q=red").status_code == 200
    folder = shop.folder / FOLDER
    kept = KeptPhotos(folder, KEY, timedelta(hours=1))
    assert len(kept.all()) == 2
    plain = kept.read(kept.all()[0].id)
    assert CANARY not in plain
    with Image.open(io.BytesIO(plain)) as image:
        assert image.size == (320, 200)
        assert not image.getexif()
        told = np.asarray(image.convert("RGB")).astype(int)
    assert abs(told[185:198, 185:310] - GREY[0]).max() < 12  # what is no face is as it was
    assert len(np.unique(told[48:112:8, 88:152:8].reshape(-1, 3) // 24, axis=0)) <= 16
    # Nothing of it lies anywhere in the shop as it was: not a stretch of the file, not its metadata.
    for path in shop.folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            for secret in (CANARY, sent[200:232], plain[200:232], plain[:20]):
                assert secret not in body, path
    at = ("--shop", str(shop.folder))
    listed = command("uploads", "list", *at, cwd=tmp_path, SHOPLENS_UPLOADS__KEY=TEXT)
    assert "2 photos" in listed.stdout, listed.stderr
    out = tmp_path / "out.jpg"
    assert (
        command(
            "uploads", "read", kept.all()[0].id, "--out", str(out), *at, cwd=tmp_path, SHOPLENS_UPLOADS__KEY=TEXT
        ).returncode
        == 0
    )
    assert out.read_bytes() == plain
    assert "2 photos removed" in command("uploads", "clear", *at, cwd=tmp_path).stdout
    small.close()


def test_nothing_is_kept_unless_it_is_wanted_and_what_was_kept_goes(tmp_path: Path) -> None:
    small, shop = served(tmp_path)
    KeptPhotos(shop.folder / FOLDER, KEY, timedelta(hours=1)).put(b"of the days when it was wanted")
    with TestClient(create_app(shop)) as client:
        assert client.post("/v1/search", files={"images": jpeg(photo())}).status_code == 200
    assert list((shop.folder / FOLDER).iterdir()) == []
    small.close()


def test_a_service_removes_while_it_runs(tmp_path: Path) -> None:
    small, shop = served(tmp_path, keep_hours=0.0003, key=TEXT)  # about a second
    with TestClient(create_app(shop)) as client:
        client.post("/v1/search", files={"images": jpeg(photo())})
        end = time.monotonic() + 20
        while not (names := {p.name for p in (shop.folder / FOLDER).glob("*.photo")}):
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(2.2)
        client.post("/v1/search", files={"images": jpeg(photo())})
    assert not names & {p.name for p in (shop.folder / FOLDER).glob("*.photo")}
    small.close()


def test_a_stream_of_photos_neither_fills_the_disk_nor_has_all_looked_through_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, shop = served(tmp_path, keep_hours=1, key=TEXT)
    looks: list[int] = []
    forgets = KeptPhotos.forget

    def counted(kept: KeptPhotos) -> int:
        looks.append(1)
        return forgets(kept)

    monkeypatch.setattr(KeptPhotos, "forget", counted)
    with TestClient(create_app(shop)) as client:
        for _ in range(5):
            assert client.post("/v1/search", files={"images": jpeg(photo())}).status_code == 200
    assert len(list((shop.folder / FOLDER).glob("*.photo"))) == 5
    assert len(looks) == 1
    with monkeypatch.context() as little:
        little.setattr("shoplens.server.keeping.MOST_BYTES", len(jpeg(photo())) - 1)
        with TestClient(create_app(shop)) as client:
            assert client.post("/v1/search", files={"images": jpeg(photo())}).status_code == 200
            assert client.app.state.watch._keeping.dropped == 1  # type: ignore[attr-defined]
    assert len(list((shop.folder / FOLDER).glob("*.photo"))) == 5
    monkeypatch.setattr("shoplens.server.keeping.FREE", 1 << 62)
    with TestClient(create_app(shop)) as client:
        assert client.post("/v1/search", files={"images": jpeg(photo())}).status_code == 200
    assert len(list((shop.folder / FOLDER).glob("*.photo"))) == 5
    small.close()


def test_a_service_that_could_not_keep_its_word_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, shop = served(tmp_path)
    for settings, match in (
        ({"keep_hours": 1}, "no key"),
        ({"keep_hours": 1, "key": TEXT, "blur_faces": True}, "no detector"),
        ({"keep_hours": 1, "key": TEXT, "blur_faces": True, "face_model": tmp_path / "none"}, "cannot be loaded"),
    ):
        shop.config = shop.config.model_copy(update={"uploads": UploadSettings(**settings)})
        with pytest.raises(ConfigError, match=match):
            create_app(shop)
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtraError, match="uploads"):
        KeptPhotos(tmp_path, KEY, timedelta(hours=1))
    small.close()
