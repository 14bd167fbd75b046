"""A report as one HTML file: its data, its style and its script inside, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from shoplens.errors import EvaluationError
from shoplens.evaluation.cards import Card
from shoplens.evaluation.contrast import Contrast, values_of
from shoplens.evaluation.judgements import JudgedQuery
from shoplens.evaluation.overlap import TOP

Key = tuple[bool, str]
"""Whether it is a variant, and its id."""

_TOLD = ("filter_by", "sort_by", "semantic_ratio", "group_by", "pinned_hits", "hidden_hits")


def wanted(made: Contrast, show: int = TOP) -> list[Key]:
    """The products and variants that the report shows: the first ``show`` hits of each side, and seeds of queries."""
    found: dict[Key, None] = {}
    for query in made.queries:
        by_variant = query.fields.get("group_by") == "variant"
        for side in made.sides:
            found.update(dict.fromkeys((by_variant, i) for i in side.run.ids(query.query_id)[:show]))
        found.update(dict.fromkeys((False, i) for i in _seeds(query)))
    return list(found)


def write_sheet(
    path: Path | str,
    made: Contrast,
    cards: Mapping[Key, Card],
    photos: Mapping[str, Sequence[bytes]] | None = None,
    *,
    show: int = TOP,
    now: datetime | None = None,
    version: str = "",
) -> int:
    """Writes the report; returns its bytes.

    Args:
        cards: of ``wanted``; what lacks one is shown by its id alone.
        photos: query id -> small JPEGs of its photos.
        now: told as the moment at which it was made; version: as what made it.

    Raises:
        EvaluationError: the file cannot be written.
    """
    data = page_of(sheet_of(made, cards, photos or {}, show=show, now=now, version=version)).encode("utf-8")
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise EvaluationError(
            f"cannot be written: {error.strerror}", where=str(path), hint="check the path and its permissions"
        ) from error
    return len(data)


def sheet_of(
    made: Contrast,
    cards: Mapping[Key, Card],
    photos: Mapping[str, Sequence[bytes]],
    *,
    show: int = TOP,
    now: datetime | None = None,
    version: str = "",
) -> dict[str, Any]:
    """The report as JSON data: every picture once, by its checksum."""
    pictures: dict[str, str] = {}
    products = {_key(key): _card(card, pictures) for key, card in cards.items()}
    by_id = {query.query_id: query for query in made.queries}
    return {
        "id": _identity(made.queries),
        "made": (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
        "version": version,
        "names": [side.name for side in made.sides],
        "latency": [side.timings.percentile(0.5) for side in made.sides],
        "measure": made.measure,
        "verdict": made.verdict,
        "judged": _judged(made),
        "measures": _measures(made),
        "overlap": _overlap(made),
        "left_out": {
            "unjudged": len(made.reports[0].unjudged) if made.reports else 0,
            "nothing_relevant": len(made.reports[0].nothing_relevant) if made.reports else 0,
        },
        "products": products,
        "pictures": pictures,
        "queries": [_query(made, by_id[i], photos.get(i, ()), pictures, show) for i in made.order],
    }


def page_of(sheet: Mapping[str, Any]) -> str:
    """The HTML. Its policy allows the style and the script inside by their checksums, pictures inside, and no more."""
    folder = resources.files("shoplens.evaluation") / "page"
    style, script = ((folder / name).read_text("utf-8") for name in ("sheet.css", "sheet.js"))
    # Inside <script>, "<" could end the element; JSON may spell it otherwise.
    data = json.dumps(sheet, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_checksum(style)}'; script-src '{_checksum(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = html.escape(" : ".join(str(name) for name in sheet["names"]))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy, quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{title} - ShopLens</title>\n<style>{style}</style>\n</head>\n<body>\n"
        "<noscript>This report needs the script inside this file; nothing is loaded from elsewhere.</noscript>\n"
        f'<script type="application/json" id="sheet">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _checksum(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _identity(queries: Sequence[JudgedQuery]) -> str:
    """The same for every report on the same queries: judgements that a browser keeps are found again."""
    told = sorted((q.query_id, json.dumps(dict(q.fields), sort_keys=True, default=str)) for q in queries)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _key(key: Key) -> str:
    return ("v:" if key[0] else "p:") + key[1]


def _card(card: Card, pictures: dict[str, str]) -> dict[str, Any]:
    return {
        "title": card.title,
        "brand": card.brand,
        "category": card.category,
        "price": card.price,
        "link": card.link,
        "attributes": [list(pair) for pair in card.attributes],
        "picture": _picture(card.picture, pictures),
    }


def _picture(data: bytes, pictures: dict[str, str]) -> str:
    if not data:
        return ""
    name = hashlib.sha256(data).hexdigest()[:16]
    pictures.setdefault(name, base64.b64encode(data).decode())
    return name


def _seeds(query: JudgedQuery) -> list[str]:
    some = [*(query.fields.get("like") or ()), *(query.fields.get("unlike") or ())]
    return [str(one.get("id", "")) if isinstance(one, Mapping) else str(one) for one in some]


def _query(
    made: Contrast, query: JudgedQuery, photos: Sequence[bytes], pictures: dict[str, str], show: int
) -> dict[str, Any]:
    by_variant = query.fields.get("group_by") == "variant"
    grades = made.judged.people.get(query.query_id, {})
    machine = made.judged.machine.get(query.query_id, {})
    overlap = made.overlap.per_query[query.query_id] if made.overlap is not None else None
    told = {name: query.fields[name] for name in _TOLD if query.fields.get(name)}
    return {
        "id": query.query_id,
        "q": str(query.fields.get("q") or ""),
        "told": {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()},
        "photos": [_picture(photo, pictures) for photo in photos],
        "seeds": [_key((False, i)) for i in _seeds(query)],
        "values": values_of(made, query.query_id),
        "rbo": overlap.rbo if overlap else None,
        "hits": [[_key((by_variant, i)) for i in side.run.ids(query.query_id)[:show]] for side in made.sides],
        "grades": dict(grades),
        "machine": {i: [one.grade, one.reason] for i, one in machine.items()},
    }


def _judged(made: Contrast) -> dict[str, Any]:
    agreed = made.judged.agree()
    return {
        "by": made.judged.by,
        "models": made.judged.models,
        "pairs": sum(map(len, made.judged.machine.values())),
        "agreement": asdict(agreed) if agreed is not None else None,
    }


def _measures(made: Contrast) -> list[dict[str, Any]]:
    if not made.reports:
        return []
    rows = []
    for name, span in made.reports[0].measures.items():
        row: dict[str, Any] = {"name": name, "sides": [[span.mean, span.low, span.high]]}
        if len(made.reports) == 2 and made.reports[0].comparison is not None:
            theirs, found = made.reports[1].measures[name], made.reports[0].comparison[name]
            row["sides"].append([theirs.mean, theirs.low, theirs.high])
            row["difference"] = [found.difference.mean, found.difference.low, found.difference.high]
            row |= {"p": found.p_value, "wins": found.wins, "losses": found.losses, "ties": found.ties}
        rows.append(row)
    return rows


def _overlap(made: Contrast) -> dict[str, Any] | None:
    if made.overlap is None:
        return None
    fields = made.overlap.to_fields()
    del fields["per_query"]
    return fields
