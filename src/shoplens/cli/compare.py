"""``shoplens encoder compare``: which of two encoders finds more of what was judged right in a shop."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from shoplens.cli.options import AsJson, Judged, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.core.ports import Encoder
from shoplens.core.spaces import Modality
from shoplens.errors import EvaluationError

if TYPE_CHECKING:
    from shoplens.evaluation import JudgedQuery


class Rows(StrEnum):
    """What of a catalogue an encoder is to find."""

    PICTURES = "pictures"
    TEXTS = "texts"


def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help="An encoder's name, or the folder of one; see: shoplens encoder list.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The encoder to compare it with.")],
    queries: Annotated[Path, typer.Option(help="Queries as JSON lines, as shoplens evaluate reads them.")],
    qrels: Judged,
    shop: ShopFolder = None,
    against: Annotated[
        Rows, typer.Option(help="What is searched: pictures alone, or the texts of the products alone.")
    ] = Rows.PICTURES,
    measure: Annotated[str, typer.Option(help="By which the queries that differ most are told.")] = "nDCG@10",
    show: Annotated[int, typer.Option(min=0, help="How many of these queries to print, in either direction.")] = 5,
    depth: Annotated[int, typer.Option(help="Hits taken of each query, 1 to 250.")] = 100,
    json: AsJson = False,
) -> None:
    """Compare two encoders on a shop's pictures and judged queries: exact cosines of each alone, paired test.

    The shop is read and left as it is. Vectors that it has (encoder reencode) are compared as they are; what it has no
    vectors of is embedded for the comparison.
    Needs an optional part: pip install 'shoplens[evaluation]'.
    """
    from shoplens import evaluation
    from shoplens.app import open_shop
    from shoplens.encoders.opening import open_encoder
    from shoplens.engine.alone import EncoderAlone, embed, rows_of
    from shoplens.evaluation.measures import need_measures

    need_measures()  # told before anything is read or opened
    asked, judgements = evaluation.read_queries(queries), evaluation.read_qrels(qrels)
    modality: Modality = "picture" if against is Rows.PICTURES else "words"
    encoders = (open_encoder(a), open_encoder(b))
    for name, encoder in zip((a, b), encoders, strict=True):
        _refuse_words(name, encoder, asked, modality)
    with (
        open_shop(shop, encoder=encoders[0]) as opened,
        Progress(console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        store, decoder = opened.store, opened.decoder()
        judged = evaluation.judged_ids(asked, judgements, store)
        products = [stored for some in store.scan() for stored in some]
        source = opened.spaces.open_pictures()
        try:
            found = []
            for name, encoder in zip((a, b), encoders, strict=True):
                total = len({row.key for stored in products for row in rows_of(stored, modality)})
                task = bar.add_task(f"{against.value} by {name}", total=total)
                step = partial(bar.advance, task)
                found.append(embed(encoder, products, modality, store, source, decoder, step))
        finally:
            source.close()
        # What one of them could not read is left out for both: the catalogues must be the same.
        both = [key for key in found[0].vectors if key in found[1].vectors]
        if not both:
            raise EvaluationError(
                f"the shop has no {against.value} to search", where=str(opened.folder), hint="run: shoplens index FEED"
            )
        first, second = (
            EncoderAlone(encoder, products, {key: some.vectors[key] for key in both}, modality, decoder).search
            for encoder, some in zip(encoders, found, strict=True)
        )
        task = bar.add_task("queries", total=2 * len(asked))
        report = evaluation.side_by_side(
            (first, second),
            (a, b),
            asked,
            judgements,
            measure=measure,
            depth=depth,
            on_answer=lambda: bar.advance(task),
        )
    lost = {**found[0].lost, **found[1].lost}
    if judged.missing:
        stderr.print(f"warning: {judged.text} ({judged.hint})", markup=False)
    if json:
        searched = {"what": against.value, "rows": len(both), "products": len(products), "unreadable": len(lost)}
        print_json(report.to_fields() | {"searched": searched, "embedded": [some.made for some in found]})
        return
    console.print(report.render(show))
    console.print(f"searched: {len(both)} {against.value} of {len(products)} products")
    if lost:
        why = next(iter(lost.values()))
        console.print(f"{len(lost)} pictures could not be read and were left out: {why}", markup=False)


def _refuse_words(name: str, encoder: Encoder, asked: Sequence[JudgedQuery], modality: Modality) -> None:
    """Raises EvaluationError where an encoder of pictures alone would have to read words."""
    worded = [query.query_id for query in asked if query.fields.get("q")]
    if "words" in encoder.card.modalities or not (worded or modality == "words"):
        return
    what = "texts" if modality == "words" else f"the words of {len(worded)} queries (the first: {worded[0]})"
    raise EvaluationError(
        f"it reads pictures only, not {what}",
        where=name,
        hint="compare it against pictures, with queries of photos alone",
    )


__all__ = ["compare"]
