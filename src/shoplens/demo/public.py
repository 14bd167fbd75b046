"""Public data as a demo shop: real photos, fetched from where their authors published them, as a feed of ours."""

from __future__ import annotations

import contextlib
import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.demo.archive import MB, Bounds, digest, fetch, lines, plain_text, unpack
from shoplens.demo.names import CLOTHES_ZH, GROCERIES_ZH
from shoplens.engine.indexing import IndexReport, Progress
from shoplens.errors import FeedError
from shoplens.pictures.addresses import Door

HOST = "https://github.com"
PHOTOS_EACH = 3
"""Natural photos that a grocery shows beside its own picture."""
_OTHER = "take the archive that the docs name"
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class PublicSet:
    """Data that somebody published: where, under which licence, what of it is needed, and its rows as a feed."""

    name: str
    repository: str
    commit: str
    licence: str
    bounds: Bounds
    wanted: Callable[[PurePosixPath], bool]
    rows: Callable[[Path], Iterator[dict[str, Any]]]

    @property
    def url(self) -> str:
        """The archive of exactly this commit."""
        return f"{HOST}/{self.repository}/archive/{self.commit}.tar.gz"


def index_public(
    config: Config,
    name: str,
    source: str = "",
    on_bytes: Callable[[int, int], None] = lambda got, whole: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> IndexReport:
    """Fetches a public set into the shop's folder, once, and indexes it; a second run does only what changed.

    Args:
        name: a key of ``PUBLIC``.
        source: another address of the archive, or the file itself; "": where its authors published it.
        on_bytes: told of the bytes fetched and those announced (0: not announced).
        on_progress: told how far indexing has come.

    Raises:
        FeedError: it cannot be fetched, or is not what was asked for.
        ShopError: the shop's folder cannot be used.
    """
    chosen = PUBLIC[name]
    folder = bring(chosen, Path(config.shop) / "public", source, on_bytes)
    with open_shop(config, create=True) as shop:
        return shop.index(folder / "products.jsonl", pictures=folder, on_progress=on_progress)


def bring(chosen: PublicSet, into: Path, source: str, on_bytes: Callable[[int, int], None]) -> Path:
    """The folder of the unpacked set with its feed; what is whole already is left as it is.

    Raises:
        FeedError: as ``index_public``.
    """
    folder = into / chosen.name
    note = into / f"{chosen.name}.json"
    if (folder / "products.jsonl").is_file() and _noted(note) == chosen.commit:
        return folder
    url = source or chosen.url
    fetched = into / f"{chosen.name}.tar.gz"
    if url.lower().startswith(("http://", "https://")):
        # An address that the user gave may lie in the user's own network.
        door = Door(allow_private=True, ports=None) if source else Door()
        hint = f"without the net: shoplens demo; or fetch {chosen.url} elsewhere, and give the file with --from"
        if not fetched.is_file():
            fetch(url, fetched, chosen.bounds, door, hint, on_bytes)
        archive = fetched
    else:
        archive = Path(url)
        if not archive.is_file():
            raise FeedError("no such file", where=url, hint="give --from an http(s) address or a tar.gz file")
    into.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = digest(archive)
        unpack(archive, folder, chosen.commit, chosen.wanted, chosen.bounds)
    finally:
        if archive == fetched:  # if it is no good, it is not to be met again
            archive.unlink(missing_ok=True)
    try:
        rows = [json.dumps(row, ensure_ascii=False) for row in chosen.rows(folder)]
    except csv.Error as problem:
        raise FeedError(f"its table cannot be read: {problem}", where=url, hint=_OTHER) from problem
    if not rows:
        raise FeedError("no products in it", where=url, hint=_OTHER)
    (folder / "products.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    facts = {"source": url, "commit": chosen.commit, "sha256": sha256, "licence": chosen.licence}
    note.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return folder


def _noted(note: Path) -> str:
    try:
        return str(json.loads(note.read_text("utf-8"))["commit"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _grocery_wanted(path: PurePosixPath) -> bool:
    if path.parts[:1] != ("dataset",):
        return False
    return path.name == "classes.csv" or path.suffix in {".jpg", ".txt"}


def _grocery_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each page: its own picture first, then photos of the training part; the test part is left to try."""
    data = folder / "dataset"
    photos: dict[int, list[str]] = defaultdict(list)
    if (data / "train.txt").is_file():
        for line in lines(data / "train.txt"):
            picture, fine, *_ = [*(cell.strip() for cell in line.split(",")), "", ""]
            if _NUMBER.fullmatch(fine) and len(photos[int(fine)]) < PHOTOS_EACH and _is_file(data, picture):
                photos[int(fine)].append(f"dataset/{picture}")
    for row in csv.DictReader(lines(data / "classes.csv")):
        name, number = row.get("Class Name (str)") or "", row.get("Class ID (int)") or ""
        coarse, picture = (
            row.get("Coarse Class Name (str)") or "",
            (row.get("Iconic Image Path (str)") or "").lstrip("/"),
        )
        if not name or not _NUMBER.fullmatch(number):
            continue
        own = [f"dataset/{picture}"] if _is_file(data, picture) else []
        page = _page((data / picture).parent if own else data)
        top = PurePosixPath(picture).parts[1:2] if own else ()
        title = name.replace("-", " ")
        kind = coarse.replace("-", " ")
        out: dict[str, Any] = {"id": f"G{int(number):02d}", "title": title}
        out |= {"title_zh": f"{GROCERIES_ZH[coarse]} {title}"} if coarse in GROCERIES_ZH else {}
        out |= {"description": page["Description"]} if page.get("Description") else {}
        out |= {"category": [*top, kind] if kind else list(top)}
        out |= {"shop_title": page["Title"]} if page.get("Title") else {}
        out |= {"link": page["URL"]} if page.get("URL", "").startswith("http") else {}
        yield out | {"images": [*own, *photos[int(number)]]}


def _is_file(folder: Path, name: str) -> bool:
    """Whether a name that stands in the data is a file below the folder, and leads nowhere else."""
    parts = PurePosixPath(name).parts
    plain = bool(parts) and not name.startswith("/") and ".." not in parts
    with contextlib.suppress(OSError):  # a name that no file can have
        return plain and (folder / name).is_file()
    return False


def _page(folder: Path) -> dict[str, str]:
    """The texts beside a page's picture: "Key: value" lines of its information, and its description."""
    out: dict[str, str] = {}
    for path in sorted(folder.glob("*_Information*.txt"))[:1]:
        for line in plain_text(path).splitlines():
            key, colon, value = line.partition(":")
            if colon and value.strip():
                out.setdefault(key.strip(), value.strip())
    texts = [path for path in sorted(folder.glob("*_Description*")) if "Swedish" not in path.name]
    for path in texts[:1]:
        out["Description"] = " ".join(plain_text(path).split()) or out.get("Description", "")
    return out


def _clothing_wanted(path: PurePosixPath) -> bool:
    return path == PurePosixPath("images.csv") or (path.parts[:1] == ("images",) and path.suffix == ".jpg")


def _clothing_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each photo that somebody sent in and could name."""
    for row in csv.DictReader(lines(folder / "images.csv")):
        key, label = row.get("image") or "", row.get("label") or ""
        if label not in CLOTHES_ZH or not re.fullmatch(r"[0-9A-Za-z-]{1,64}", key):
            continue
        picture = f"images/{key}.jpg"
        if not (folder / picture).is_file():
            continue
        kids = row.get("kids") == "True"
        name = {"Outwear": "Outerwear", "Longsleeve": "Long-sleeved top", "Body": "Bodysuit"}.get(label, label)
        title, title_zh = (f"Kids' {name}", f"儿童{CLOTHES_ZH[label]}") if kids else (name, CLOTHES_ZH[label])
        yield {
            "id": key,
            "title": title,
            "title_zh": title_zh,
            "category": ["Clothing", name],
            "audience": "kids" if kids else "adults",
            "images": [picture],
        }


PUBLIC: dict[str, PublicSet] = {
    each.name: each
    for each in (
        PublicSet(
            "grocery",
            "marcusklasson/GroceryStoreDataset",
            "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc",
            "MIT (the repository; its product pictures and page texts are the shop's they were taken from)",
            Bounds(archive_bytes=400 * MB, unpacked_bytes=800 * MB),
            _grocery_wanted,
            _grocery_rows,
        ),
        PublicSet(
            "clothing",
            "alexeygrigorev/clothing-dataset",
            "7ed86a9cc56763b6acb35e41cb35184e43a5d218",
            "CC0 1.0",
            Bounds(archive_bytes=1500 * MB, unpacked_bytes=3000 * MB),
            _clothing_wanted,
            _clothing_rows,
        ),
    )
}
"""The public sets, by name."""
