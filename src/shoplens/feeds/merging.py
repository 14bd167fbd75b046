"""Parts of one product -> the product: what all variants share is the product's, the rest is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shoplens.core.catalogue import Attributes, ImageRef, Product, RowProblem, Translation, Variant
from shoplens.feeds.rows import Part


def merge(parts: Sequence[Part]) -> tuple[Product | None, list[RowProblem]]:
    """One product of the rows that share its id.

    Words: the parent row's, else the first row's that has them. An attribute, link or set of pictures that all
    variants have alike is the product's; else each variant keeps its own. A variant's id that comes twice is
    reported, and the later row is left out.
    """
    problems = [problem for part in parts for problem in part.problems]
    if len(parts) == 1:
        return _single(parts[0]), problems
    parents = [part for part in parts if part.parent]
    rows: list[tuple[Part, Variant]] = []
    seen: set[str] = set()
    used: list[Part] = []
    for part in parts:
        fresh = [variant for variant in part.variants if variant.id not in seen]
        if part.variants and not fresh:
            first = part.variants[0].id
            problems.append(RowProblem(part.line, "id", "this id has come before", first, part.key))
            continue
        seen.update(variant.id for variant in fresh)
        used.append(part)
        rows.extend((part, variant) for variant in fresh)
    if not used:
        return None, problems
    parent = next((part for part in used if part.parent), None)
    if parent is not None and any(part is not parent for part, _ in rows):
        rows = [(part, variant) for part, variant in rows if part is not parent] + [
            (parent, variant) for variant in parent.variants if len(parent.variants) > 1
        ]
    if len(used) == 1:
        return _single(used[0]), problems
    offered = [part for part, _ in rows]
    ordered = [parent, *(part for part in used if part is not parent)] if parent is not None else used
    inherited = parent.variants[0] if parent is not None and parent.variants and parents else None
    attributes = _shared([part.product.attributes for part in offered])
    own_images = _all_alike([part.product.images for part in offered])
    images: tuple[ImageRef, ...] = own_images or ()
    if parent is not None:
        attributes = {**parent.product.attributes, **attributes}
        images = parent.product.images or images
    link = next((part.product.link for part in ordered if part.product.link), "")
    variants = []
    for part, variant in rows:
        if part is parent:
            variants.append(variant)
            continue
        mine = {name: v for name, v in part.product.attributes.items() if attributes.get(name) != v}
        pictures = part.product.images if part.product.images != images else ()
        variant = replace(
            variant,
            attributes={**mine, **variant.attributes},
            images=variant.images or pictures,
            link=variant.link or (part.product.link if part.product.link != link else ""),
        )
        if inherited is not None and variant.price is None:
            variant = replace(variant, price=inherited.price, list_price=inherited.list_price)
        variants.append(variant)
    said = (path for part in ordered for path in (part.product.category, *part.product.categories))
    paths = dict.fromkeys(path for path in said if path)
    return (
        Product(
            id=used[0].key,
            title=_first(part.product.title for part in ordered),
            description=_first(part.product.description for part in ordered),
            brand=_first(part.product.brand for part in ordered),
            category=next(iter(paths), ()),
            categories=tuple(paths)[1:],
            link=link,
            attributes={name: v for name, v in attributes.items() if not _hidden(name, variants)},
            images=images,
            variants=tuple(variants),
            translations=_translations(ordered),
            derived=tuple(dict.fromkeys(text for part in ordered for text in part.product.derived)),
        ),
        problems,
    )


def _single(part: Part) -> Product:
    attributes = part.product.attributes
    if len(part.variants) > 1:
        attributes = {name: v for name, v in attributes.items() if not _hidden(name, part.variants)}
    if part.product.variants == part.variants and attributes is part.product.attributes:
        return part.product
    return replace(part.product, attributes=attributes, variants=part.variants)


def _hidden(name: str, variants: Sequence[Variant]) -> bool:
    """Whether every variant has its own value, so that the product's would never be seen."""
    return bool(variants) and all(name in variant.attributes for variant in variants)


def _shared(all_attributes: Sequence[Attributes]) -> dict[str, tuple[str, ...]]:
    first, *others = all_attributes or [{}]
    return {name: values for name, values in first.items() if all(each.get(name) == values for each in others)}


def _all_alike(pictures: Sequence[tuple[ImageRef, ...]]) -> tuple[ImageRef, ...] | None:
    return pictures[0] if pictures and all(each == pictures[0] for each in pictures) else None


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _translations(parts: Sequence[Part]) -> tuple[Translation, ...]:
    found: dict[str, Translation] = {}
    for translation in (each for part in parts for each in part.product.translations):
        known = found.setdefault(translation.language, translation)
        if known is not translation:
            found[translation.language] = replace(
                known,
                title=known.title or translation.title,
                description=known.description or translation.description,
            )
    return tuple(found.values())
