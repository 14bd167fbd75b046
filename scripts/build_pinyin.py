"""Makes src/shoplens/understanding/pinyin.tsv: the pinyin of the 6,763 characters of GB 2312 and of those that the
lexicon has beside them, without tones.

    pip install pypinyin==0.55.0 && python scripts/build_pinyin.py

The readings are those of pypinyin (MIT licence, its data by pinyin-data, MIT licence), the usual one first, at most
three. A table of 30 KB ships instead of a dependency of 8 MB: search needs readings of characters, nothing else.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "shoplens"
TARGET = SOURCE / "understanding" / "pinyin.tsv"
MOST = 3
HEAD = """\
# Pinyin of the characters of GB 2312: syllable without tone (v for ü), characters; place of the reading among its own.
# Made by scripts/build_pinyin.py from the readings of pypinyin 0.55.0. Copyright (c) 2016 mozillazg, MIT licence:
# Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
# documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
# rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
# persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice
# and this permission notice shall be included in all copies or substantial portions of the Software.
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
"""


def main() -> None:
    """Writes the table."""
    from pypinyin.pinyin_dict import pinyin_dict  # type: ignore[import-not-found]

    rows: dict[tuple[int, str], list[str]] = {}
    lexicon = {c for c in (SOURCE / "encoders" / "lexicon.tsv").read_text("utf-8") if "\u4e00" <= c <= "\u9fff"}
    for character in dict.fromkeys([*gb2312(), *sorted(lexicon)]):
        readings = dict.fromkeys(toneless(one) for one in pinyin_dict.get(ord(character), "").split(",") if one)
        for place, syllable in enumerate(list(readings)[:MOST]):
            if syllable.isascii() and syllable.isalpha() and any(letter in "aeiouv" for letter in syllable):
                rows.setdefault((place, syllable), []).append(character)
    lines = [f"{place}\t{syllable}\t{''.join(some)}" for (place, syllable), some in sorted(rows.items())]
    TARGET.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")


def gb2312() -> list[str]:
    """The characters of GB 2312, level 1 and 2."""
    out = []
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                out.append(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return out


def toneless(syllable: str) -> str:
    """hēi -> hei, lǜ -> lv."""
    plain = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


if __name__ == "__main__":
    main()
