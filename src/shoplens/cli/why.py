"""Why a hit is there, as lines for people: the parts of its score, marked words, what agrees and what does not."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from shoplens.core.answer import Hit
from shoplens.core.why import PICTURE, Highlight, Trait

_SOURCES = {
    "words": "words as written",
    "words>picture": "words and its picture",
    "words>text": "words and its description",
    "picture>picture": "photo and its picture",
    "picture>attributes": "what its picture shows",
    "seed>picture": "pictures of the product given",
    "seed>text": "words of the product given",
    "understood": "what you asked for",
    "same picture": "the very picture",
    "rule": "rule",
}


def why_lines(hit: Hit) -> Iterator[Text]:
    """The lines of one hit, the first with its position."""
    yield Text.assemble((f"{hit.position}. {hit.product.title or hit.product.id}", "bold"), f"  score {hit.score:+.2f}")
    for reason in hit.reasons:
        about = "" if reason.part == "words" else f" ({reason.part})"
        yield Text(f"   {reason.contribution:+7.2f}  {_SOURCES.get(reason.source, reason.source)}{about}")
    why = hit.why
    if why is None:
        return
    if why.because:
        yield Text.assemble(("   because  ", "green"), why.because)
    for one in why.highlights:
        yield _marked(one)
    for trait in why.traits:
        yield _trait(trait)


def _marked(one: Highlight) -> Text:
    """A text with its words marked: in brackets too, for terminals and files without colours."""
    out = Text.assemble((f"   {one.field:<12} ", "dim"))
    at = 0
    for start, end in one.ranges:
        out.append(one.text[at:start])
        out.append(f"[{one.text[start:end]}]", "bold yellow")
        at = end
    out.append(one.text[at:])
    return out


def _trait(trait: Trait) -> Text:
    sign, style = ("=", "green") if trait.agrees else ("≠", "red")
    source = f" (by its picture, {trait.confidence:.0%})" if trait.source == PICTURE else ""
    asked = "" if trait.agrees and trait.asked == trait.has else f", asked for: {trait.asked}"
    who = "" if trait.part == "words" else f" [{trait.part}]"
    return Text.assemble((f"   {sign} ", style), f"{trait.attribute}: {trait.has}{asked}{source}{who}")
