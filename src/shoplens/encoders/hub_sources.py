"""Where a hub model's files come from: a folder, or a hub by name. Safetensors only; every file has its SHA-256.

A pickle can run code when it is read, so none is: not even beside safetensors, and none is fetched.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoplens.encoders.onnx_dual import sha256
from shoplens.errors import EncoderError, MissingExtraError

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5", ".npz", ".joblib")
"""Kinds of weight files that are refused: most can run code when read, none has checked lengths."""
_FETCHED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model")
_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*(?:@[\w./-]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """A model's files on this machine.

    ``name``: of the model, fit for a folder's name. ``asked``: what the user wrote. ``weights``: the safetensors files,
    in order. ``files``: file name -> SHA-256 of everything that is read.
    """

    asked: str
    name: str
    folder: Path
    weights: tuple[Path, ...]
    files: Mapping[str, str]

    def json(self, name: str) -> dict[str, Any]:
        """A JSON file of the model. Raises EncoderError when it is missing or none."""
        path = self.folder / name
        try:
            found = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise EncoderError(
                f"{name} is missing", where=str(self.folder), hint="name the folder that the library itself would load"
            ) from error
        except (OSError, ValueError) as error:
            raise EncoderError(f"not a JSON file: {error}", where=str(path), hint="fetch the model anew") from error
        if not isinstance(found, dict):
            raise EncoderError("not a JSON object", where=str(path), hint="fetch the model anew")
        return found

    def revision(self, *settings: object) -> str:
        """Twelve hex digits over the weights and the settings of reading: another model or reading, another space."""
        digest = hashlib.sha256()
        for path in self.weights:
            digest.update(self.files[path.name].encode())
        digest.update(json.dumps(settings, sort_keys=True).encode())
        return digest.hexdigest()[:12]


def open_source(
    asked: str, reference: str, *, config: str, prefer: Sequence[str] = (), hub_id: str = "", hub_name: str = ""
) -> Source:
    """The files of a model.

    Args:
        asked: the whole name, for messages.
        reference: a folder, or a hub's ``owner/model`` with an optional ``@revision``.
        config: the file without which a folder is no model of this library.
        prefer: names of weight files, best first, where there are several models in one folder.
        hub_id: what to ask the hub for, where it is not ``reference``.
        hub_name: name to keep for the space, where it is not the last part of ``reference``.

    Raises:
        EncoderError: no such folder, no safetensors, only pickles, or the hub cannot be reached.
        MissingExtraError: huggingface_hub is not installed.
    """
    path = Path(reference).expanduser()
    local = path.exists() or reference.startswith(("/", ".", "~"))
    if local and path.suffix.lower() in PICKLES:
        raise _pickle(asked, [path.name])
    if not local and not _ID.fullmatch(hub_id or reference):
        raise EncoderError(
            f"{reference!r} is neither a folder nor a model's name",
            where=asked,
            hint="write owner/model as the hub has it, or the path of a folder that holds the model",
        )
    folder = path if local else _fetch(asked, hub_id or reference)
    if not folder.is_dir():
        raise EncoderError("there is no such folder", where=str(folder), hint="check the path of the encoder setting")
    if not (folder / config).is_file():
        raise EncoderError(
            f"{config} is missing: this is no model of this library",
            where=str(folder),
            hint="see docs/howto/hub-encoders.md",
        )
    if not local and not any(folder.glob("*.safetensors")) and (unfetched := _pickles_of(hub_id or reference)):
        raise _pickle(asked, unfetched)
    weights = tuple(_weights(asked, folder, prefer))
    # What was a name on the hub stays the same space when the folder of that name is given instead.
    last = (hub_name or (folder.resolve().name if local else (hub_id or reference).partition("@")[0])).rpartition("/")[
        2
    ]
    read = [*weights, *(p for p in sorted(folder.iterdir()) if p.suffix in (".json", ".txt", ".model") and p.is_file())]
    return Source(asked, slug(last), folder, weights, {p.name: sha256(p) for p in read})


def slug(name: str) -> str:
    """A name with only letters, digits, dots, underscores and hyphens, for spaces and folders."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.") or "encoder"


def _weights(asked: str, folder: Path, prefer: Sequence[str]) -> Iterator[Path]:
    found = {p.name: p for p in sorted(folder.glob("*.safetensors"))}
    for name in prefer:
        index = folder / f"{name}.index.json"
        if name in found:
            yield found[name]
            return
        if index.is_file():
            try:
                parts = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
                yield from (found[part] for part in parts)
            except (KeyError, ValueError, AttributeError, TypeError) as error:
                raise EncoderError(
                    f"the index of its weights is damaged: {error!r}", where=str(index), hint="fetch the model anew"
                ) from error
            return
    if not prefer and found:
        yield from found.values()
        return
    if pickles := sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICKLES):
        raise _pickle(asked, pickles)
    raise EncoderError(
        f"no weights here ({' or '.join(prefer) or '*.safetensors'})",
        where=str(folder),
        hint="fetch the model with its .safetensors files",
    )


def _pickle(asked: str, names: Sequence[str]) -> EncoderError:
    return EncoderError(
        f"its weights are only there as {', '.join(names[:3])}, and such files can run code when they are read",
        where=asked,
        hint="look for a revision with .safetensors, or convert it where you trust it (safetensors.torch.save_file)",
    )


def _fetch(asked: str, name: str) -> Path:
    """The model's folder in the hub's cache, fetched if it is not there yet."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtraError(f"the encoder {asked}", extra="hub") from error
    repository, _, revision = name.partition("@")
    try:
        # Without net the client answers from its cache, if the model was fetched once.
        return Path(snapshot_download(repository, revision=revision or None, allow_patterns=list(_FETCHED)))
    except Exception as error:  # the client has many errors of its own, for the net, for names, for rights
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        library = asked.partition(":")[0]
        raise EncoderError(
            f"the model could not be fetched from the hub: {first}",
            where=asked,
            hint=f"check the name and the net; or, where there is net, run: hf download {repository} --local-dir DIR"
            f" and here set: encoder = '{library}:DIR'",
        ) from error


def _pickles_of(name: str) -> list[str]:
    """Pickles that a hub's model has and that were not fetched: what its refusal names. None where there is no net."""
    from huggingface_hub import list_repo_files

    repository, _, revision = name.partition("@")
    try:
        listed = list_repo_files(repository, revision=revision or None)
    except Exception:  # as above; the refusal then says that there are no weights
        return []
    return sorted(one for one in listed if one.lower().endswith(PICKLES))


__all__ = ["PICKLES", "Source", "open_source", "slug"]
