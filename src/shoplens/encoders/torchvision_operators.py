"""torchvision beside a torch of another make: its compiled operators, declared where they cannot be loaded.

open_clip, timm and transformers import torchvision for its picture transforms. Its wheels are compiled for one make of
torch (CUDA) and then fail at import beside another (CPU): ``operator torchvision::nms does not exist``. No encoder
needs those operators (boxes of detectors), so that it is enough to declare that they exist. Where the compiled library
loads, nothing is declared.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch

_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[object] = []  # the declarations live as long as their Library object


def make_importable() -> bool:
    """Makes ``import torchvision`` work, if it is installed. Returns whether operators had to be declared."""
    if _kept or "torchvision" in sys.modules:
        return bool(_kept)
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    for compiled in sorted(Path(spec.origin).parent.glob("_C*.so")):
        try:
            torch.ops.load_library(str(compiled))
        except OSError:
            continue
    missing = [name for name in ("nms", "qnms") if not hasattr(torch.ops.torchvision, name)]
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(name + _SIGNATURE)
        _kept.append(library)
    return bool(missing)


__all__ = ["make_importable"]
