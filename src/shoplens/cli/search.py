"""``shoplens search``: ask a shop."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from shoplens.cli.heating import write_heat
from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import print_json, show_answer
from shoplens.core.query import Crop, Query, QueryPicture, Seed, parse_sort, words_of
from shoplens.core.where import parse_where
from shoplens.core.wire import answer_to_fields
from shoplens.errors import QueryError, ShopError

SPELL_S = 2.0
"""How long a search that did not find well waits for what another spelling is looked for in."""


def search(
    words: Annotated[list[str] | None, typer.Argument(help="What to look for, in any language.")] = None,
    shop: ShopFolder = None,
    photo: Annotated[list[Path] | None, typer.Option("--photo", "-p", help="A photo of it. Repeatable.")] = None,
    crop: Annotated[
        list[str] | None,
        typer.Option(help="Part of the photo that counts: x0,y0,x1,y1 as shares of 1; one for each --photo."),
    ] = None,
    like: Annotated[list[str] | None, typer.Option(help="Id of a product to find more of. Repeatable.")] = None,
    unlike: Annotated[list[str] | None, typer.Option(help="Id of a product to stay away from. Repeatable.")] = None,
    where: Annotated[str, typer.Option("--where", "-w", help="A filter: price<49.90 and brand in [Luma, Fila].")] = "",
    sort: Annotated[str, typer.Option(help="price:asc,brand:desc; without it the best match comes first.")] = "",
    facets: Annotated[str, typer.Option(help="Fields to count values of, with commas between.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", help="Hits of a page.")] = 10,
    page: Annotated[int, typer.Option(help="Which page.")] = 1,
    cursor: Annotated[str, typer.Option(help="next_cursor of an answer (--json): the hits after its own.")] = "",
    diversity: Annotated[
        float, typer.Option(help="0: best match first; up to 1: first hits that differ from each other.")
    ] = 0.0,
    group_by: Annotated[str, typer.Option(help="product (one hit a product) or variant.")] = "product",
    semantic_ratio: Annotated[
        float | None, typer.Option(help="0: words as written only; 1: vectors only; the engine decides if not given.")
    ] = None,
    as_written: Annotated[
        bool, typer.Option("--as-written", help="Read no price limits, colours, sizes out of the words.")
    ] = False,
    without_chip: Annotated[
        list[str] | None, typer.Option(help="Id of a chip (see --json) that is not wanted. Repeatable.")
    ] = None,
    whole_photo: Annotated[
        bool, typer.Option("--whole-photo", help="Search with photos as they are, even if only a part is like it.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why each hit is there: parts of its score, words, attributes.")
    ] = False,
    heat: Annotated[
        Path | None, typer.Option(help="Folder for heat maps: where on each hit's picture the photo or the words are.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Search a shop by words, photos, products, or any mix of them."""
    from shoplens.app import open_shop
    from shoplens.pictures.photo import photo_of

    crops = [_crop(text) for text in crop or ()]
    photos = photo or []
    if crops and len(crops) != len(photos):
        raise QueryError(
            f"{len(crops)} crops for {len(photos)} photos", where="--crop", hint="give one for each --photo"
        )
    pictures = [photo_of(path) for path in photos]
    if crops:
        pictures = [QueryPicture(p.data, c, p.weight, p.name) for p, c in zip(pictures, crops, strict=True)]
    query = Query(
        words=words_of(words or ()),
        pictures=tuple(pictures),
        seeds=(*(Seed(i) for i in like or ()), *(Seed(i, -1.0) for i in unlike or ())),
        where=parse_where(where),
        sort_by=parse_sort(sort),
        facet_by=tuple(f.strip() for f in facets.split(",") if f.strip()),
        page=page,
        cursor=cursor,
        diversity=diversity,
        per_page=limit,
        group_by=group_by,
        semantic_ratio=semantic_ratio,
        explain=explain,
        understand=not as_written,
        find_crop=not whole_photo,
        without_chips=tuple(without_chip or ()),
    )
    with open_shop(shop) as opened:
        with suppress(ShopError):  # a full disk: the answer tells what is missing from it
            opened.catch_up(2.0)
        answer = opened.search(query)
        if heat is not None:
            write_heat(opened, query, answer, heat)
        if query.words and (answer.notes or answer.verdict != "match") and opened.suggestions.wait(SPELL_S):
            answer = opened.suggestions.told(query, answer)
    if json:
        print_json(answer_to_fields(answer))
    else:
        show_answer(answer, shop=str(opened.folder), explain=explain)


def _crop(text: str) -> Crop | None:
    if text.strip() in ("", "all"):
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise QueryError(
            f"{text!r} is no rectangle", where="--crop", hint="write x0,y0,x1,y1, such as 0.2,0.1,0.8,0.9"
        ) from error
    return Crop(x0, y0, x1, y1)
