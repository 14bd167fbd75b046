"""Chinese as it sounds: the pinyin of characters, without tones, to find a name by how it is typed or misheard.

The table (pinyin.tsv) holds the characters of GB 2312 and of the lexicon; scripts/build_pinyin.py made it. It is read
when first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from itertools import product

_MOST_READINGS = 2


@cache
def readings() -> Mapping[str, tuple[str, ...]]:
    """Character -> its syllables, the usual one first."""
    source = resources.files("shoplens.understanding").joinpath("pinyin.tsv")
    out: dict[str, tuple[str, ...]] = {}
    for line in source.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            _, syllable, characters = line.split("\t")
            for character in characters:
                out[character] = (*out.get(character, ()), syllable)
    return out


def is_chinese(text: str) -> bool:
    """Whether a text holds a character of which a reading is known."""
    return not text.isascii() and any(character in readings() for character in text)


@lru_cache(maxsize=1 << 14)
def sounds(text: str, most: int = 4) -> tuple[str, ...]:
    """How a text may be typed in pinyin, the usual way first, at most ``most`` ways: Chinese characters by their
    syllables, all else as it is, white space and apostrophes left out; as `heard`."""
    known = readings()
    parts = [known.get(c, (c,))[:_MOST_READINGS] for c in text.casefold() if not c.isspace() and c not in "'’"]
    ways: dict[str, None] = {}
    many = [at for at, some in enumerate(parts) if len(some) > 1][:2]
    for chosen in product(*(parts[at] for at in many)):
        own = dict(zip(many, chosen, strict=True))
        ways.setdefault(heard("".join(own.get(at, some[0]) for at, some in enumerate(parts))))
    return tuple(ways)[:most]


def heard(typed: str) -> str:
    """Pinyin as it is compared: what many do not tell apart is the same (zh and z, ch and c, sh and s; ang and an, eng
    and en, ing and in; v for ü and u)."""
    out = "".join(typed.casefold().replace("'", "").split())
    for said, same in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("v", "u"), ("ü", "u")):
        out = out.replace(said, same)
    return out
