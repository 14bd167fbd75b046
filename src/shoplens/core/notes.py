"""What an answer says beside its hits: what was changed about the query, and why nothing was found.

A note is a stable code with values; its English sentence is made here, other languages make their own from the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TEXTS: Mapping[str, str] = {
    "words_cut": "Only the first {limit} characters of the words were used.",
    "terms_cut": "Only the first {limit} words were looked up.",
    "typo": "No product has the word “{written}”; these are the results for “{read}”.",
    "recoloured": "The photo was looked for in another colour: {colours}.",
    "price_other_currency": (
        "“{written}” is in {asked}; prices here are in {currency} and are not converted, so it was left out."
    ),
    "not_understood": (
        "The words ask for more than {chips} things, or deny more than {denials}; they were looked for as written."
    ),
    "cropped": "Photo {photo} is like nothing here as a whole: its part {crop} was looked for.",
    "texts_only": "“{words}” was looked for in the texts of the products only, not in their pictures.",
    "kind_beyond_price": (
        "There is no “{kind}” “{limit}” here, but {without} at other prices; these are other things at that price."
    ),
    "sort_without_values": "No product has a value for {fields}, so it does not change the order.",
    "diversity_sorted": "The hits are in the order that was asked for, so nothing was spread.",
    "shop_empty": "There is no product in this shop yet. Next: shoplens index FEED --shop DIR",
    "filter_without_values": "No product of this shop has a value for {fields}, so the filter leaves nothing.",
    "filter_leaves_none": "The filter leaves none of the {total} products.",
    "filter_hides": (
        "The filter leaves {left} of {total} products, none of them like it; without it the search finds {without}."
    ),
    "words_unknown": "No product has the words “{words}”.",
}
"""Code of a note -> its sentence, with the names of its values in braces."""

CAUSES = frozenset({"shop_empty", "filter_without_values", "filter_leaves_none", "filter_hides", "words_unknown"})
"""The notes that say why nothing was found."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note of an answer: ``code`` is one of TEXTS, ``values`` (text, numbers, lists of text) fill its sentence."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The note as an English sentence."""
        return TEXTS[self.code].format_map({name: _spelt(value) for name, value in self.values.items()})

    @property
    def is_cause(self) -> bool:
        """Whether it says why nothing was found."""
        return self.code in CAUSES

    def __str__(self) -> str:
        return self.text


def note(code: str, **values: Any) -> Note:
    """A note of one of the codes of TEXTS."""
    return Note(code, values)


def _spelt(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return " and ".join(map(str, value))
    return f"{value:,}"
