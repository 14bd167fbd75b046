"""The figures of an encoder on the data sets at hand, through the port that serves: what ships is what is measured."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, Vectors
from shoplens.encoders.lexicon import Lexicon, load_lexicon
from shoplens.training import captions, measure
from shoplens.training.data import Item, clothing_items, fashion_items, grocery_items, picture_reader

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Items with the vectors of their pictures."""

    items: Sequence[Item]
    vectors: Vectors

    def of_split(self, split: str) -> Encoded:
        """Only the items of a split."""
        return self.where(lambda item: item.split == split)

    def where(self, keep: Callable[[Item], bool]) -> Encoded:
        """Only the items that ``keep`` wants."""
        rows = [i for i, item in enumerate(self.items) if keep(item)]
        return Encoded([self.items[i] for i in rows], self.vectors[rows])


Look = Callable[[Sequence[Pixels]], Vectors]


def encode_items(encoder: Encoder, root: Path, items: Sequence[Item], batch: int = 64) -> Encoded:
    """Pictures of items, read from the data sets and encoded."""
    if not items:
        return Encoded(items, np.zeros((0, encoder.card.dimension), np.float32))
    return look_at(root, items, encoder.encode_pictures, batch)


def look_at(root: Path, items: Sequence[Item], look: Look, batch: int = 64) -> Encoded:
    """Pictures of items, at least one, read from the data sets and looked at."""
    with picture_reader(root) as read:
        parts = [look([read(item) for item in items[at : at + batch]]) for at in range(0, len(items), batch)]
    return Encoded(items, np.concatenate(parts))


def all_figures(encoder: Encoder, root: Path) -> dict[str, Figures]:
    """The figures of fashion (dev, test), clothing (dev), grocery (seen, unseen groups) and magento (dev)."""
    lexicon = load_lexicon()
    fashion = encode_items(encoder, root, [i for i in fashion_items(root, lexicon) if i.split != "train"])
    figures = {
        f"fashion {split}": fashion_figures(encoder, fashion.of_split(split), lexicon) for split in ("dev", "test")
    }
    clothing = [i for i in clothing_items(root, lexicon) if i.split == "dev"]
    figures["clothing dev"] = clothing_figures(encoder, encode_items(encoder, root, clothing), lexicon)
    grocery = encode_items(encoder, root, [i for i in grocery_items(root) if asked_of_grocery(i)])
    figures |= grocery_figures(grocery)
    figures["magento dev"] = magento_figures(encoder, root)
    return figures


def queries_of(items: Sequence[Item], lexicon: Lexicon) -> dict[str, list[tuple[str, list[bool]]]]:
    """Attribute queries of fashion, by form: their words, and which items are right.

    "labels": "black tshirts men", the study's; "en": "black t-shirts for men"; "zh": "男士黑色T恤";
    "en short", "zh short": colour and kind only.
    """
    forms: dict[str, list[tuple[str, list[bool]]]] = {
        name: [] for name in ("labels", "en", "zh", "en short", "zh short")
    }
    full = list(dict.fromkeys((i.kind, i.colour, i.gender) for i in items))
    short = list(dict.fromkeys((i.kind, i.colour) for i in items))
    for kind, colour, gender in full:
        k, c, g = (lexicon.by_key[f, key] for f, key in (("kind", kind), ("colour", colour), ("gender", gender)))
        right = [(i.kind, i.colour, i.gender) == (kind, colour, gender) for i in items]
        label = next(name for name in k.labels if name.startswith("fashion:")).removeprefix("fashion:").lower()
        forms["labels"].append((f"{c.english[0]} {label} {g.key}", right))
        forms["en"].append((f"{c.english[0]} {captions.plural(k)} for {g.english[0]}", right))
        forms["zh"].append((f"{g.chinese[0]}{c.chinese[0]}{k.chinese[0]}", right))
    for kind, colour in short:
        k, c = lexicon.by_key["kind", kind], lexicon.by_key["colour", colour]
        right = [(i.kind, i.colour) == (kind, colour) for i in items]
        forms["en short"].append((f"{c.english[0]} {captions.plural(k)}", right))
        forms["zh short"].append((f"{c.chinese[0]}{k.chinese[0]}", right))
    return forms


def fashion_figures(encoder: Encoder, gallery: Encoded, lexicon: Lexicon) -> Figures:
    """Attribute queries in both languages, own title, photo to photo, and the three attributes by words alone."""
    found: Figures = {}
    for form, queries in queries_of(gallery.items, lexicon).items():
        scores = encoder.encode_words([words for words, _ in queries]) @ gallery.vectors.T
        ranked = measure.ranking(scores, np.asarray([right for _, right in queries]))
        found |= {f"{form} {name}": ranked[name] for name in ("nDCG@10", "mAP", "P@1")}
    titles = encoder.encode_words([item.title for item in gallery.items]) @ gallery.vectors.T
    own = measure.own_rank(titles, np.arange(len(gallery.items)))
    found |= {f"title {name}": own[name] for name in ("R@1", "R@10")}
    groups = np.unique([item.alike for item in gallery.items], return_inverse=True)[1]
    found["photo P@10"] = measure.photo_to_photo(gallery.vectors, groups)["P@10"]
    for facet, keys in (
        ("kind", [i.kind for i in gallery.items]),
        ("colour", [i.colour for i in gallery.items]),
        ("gender", [i.gender for i in gallery.items]),
    ):
        for language in ("en", "zh"):
            found[f"{facet} {language}"] = zero_shot(encoder, gallery.vectors, keys, facet, language, lexicon)
    return found


def zero_shot(
    encoder: Encoder, vectors: Vectors, keys: Sequence[str], facet: str, language: str, lexicon: Lexicon
) -> float:
    """Share of pictures whose nearest class, said in words, is the right one; classes are all of fashion's."""
    marks = {"kind": "fashion:"}
    classes = [e for e in lexicon.facet(facet) if any(label.startswith(marks.get(facet, "")) for label in e.labels)]
    said = []
    for entry in classes:
        k, c, g = (entry if facet == f else None for f in ("kind", "colour", "gender"))
        texts = captions.english(k, c, g) if language == "en" else captions.chinese(k, c, g)
        said.append(encoder.encode_words(texts[:4]).mean(axis=0))
    guess = (vectors @ np.stack(said).T).argmax(axis=1)
    return float(np.mean([classes[g].key == key for g, key in zip(guess, keys, strict=True)]))


def clothing_figures(encoder: Encoder, gallery: Encoded, lexicon: Lexicon) -> Figures:
    """Kind in words -> photos, and photo -> photos of the same kind by *other* senders; chance beside them."""
    kinds = sorted({item.kind for item in gallery.items})
    relevant = np.asarray([[item.kind == kind for item in gallery.items] for kind in kinds])
    found: Figures = {}
    for language in ("en", "zh"):
        entries = [lexicon.by_key["kind", kind] for kind in kinds]
        texts = [captions.singular(e) if language == "en" else e.chinese[0] for e in entries]
        ranked = measure.ranking(encoder.encode_words(texts) @ gallery.vectors.T, relevant)
        found |= {f"words {language} {name}": ranked[name] for name in ("mAP", "P@10")}
    found["words chance mAP"] = float(relevant.mean())
    return found | other_senders(gallery)


def other_senders(gallery: Encoded) -> Figures:
    """Photo -> photos of the same kind by other senders."""
    scores = gallery.vectors @ gallery.vectors.T
    alike = np.asarray([item.kind for item in gallery.items])
    sender = np.asarray([item.group for item in gallery.items])
    other = sender[:, None] != sender[None]
    right = (alike[:, None] == alike[None]) & other
    ranked = measure.ranking(np.where(other, scores, -9.0).astype(np.float32), right)
    found: Figures = {f"photo {name}": ranked[name] for name in ("mAP", "P@10")}
    found["photo chance"] = float(right.sum() / other.sum())
    return found


def asked_of_grocery(item: Item) -> bool:
    """Pages, photos that did not train, and everything of the groups held out."""
    return item.name.startswith("iconic") or item.split in ("dev", "unseen")


def grocery_figures(encoded: Encoded) -> dict[str, Figures]:
    """Photo -> page among all pages: R@1 and R@5 of the product, R@1 of its group; groups seen in training and not."""
    pages = encoded.where(lambda item: item.name.startswith("iconic"))
    page_product = np.asarray([item.product for item in pages.items])
    page_group = np.asarray([item.group for item in pages.items])
    figures = {}
    for name, split in (("grocery seen", "dev"), ("grocery unseen", "unseen")):
        photos = encoded.of_split(split).where(lambda item: not item.name.startswith("iconic"))
        order = np.argsort(-(photos.vectors @ pages.vectors.T), axis=1)
        product = np.asarray([item.product for item in photos.items])[:, None]
        group = np.asarray([item.group for item in photos.items])
        figures[name] = {
            "R@1": float((page_product[order[:, 0]] == product[:, 0]).mean()),
            "R@5": float((page_product[order[:, :5]] == product).any(axis=1).mean()),
            "group R@1": float((page_group[order[:, 0]] == group).mean()),
            "photos": float(len(photos.items)),
        }
    return figures


def magento_views(root: Path, look: Look) -> tuple[Figures, Vectors]:
    """Other view -> main photo of the same item, with chance beside it; and the vectors of the main photos, in the
    order of `magento_main`. No picture trained."""
    base = root / "magento"
    main = magento_main(root)
    with (base / "q_view.csv").open(encoding="utf-8", newline="") as file:
        views = list(csv.DictReader(file))
    pages = _look_at_files(look, base, main)
    asked = _look_at_files(look, base, [row["query_image"] for row in views])
    top = [main[i] for i in (asked @ pages.T).argmax(axis=1)]
    right = float(np.mean([t == row["relevant_image"] for t, row in zip(top, views, strict=True)]))
    return {"view R@1": right, "view chance": 1 / len(main)}, pages


def magento_main(root: Path) -> list[str]:
    """The main photos of magento, each once."""
    with (root / "magento" / "gallery_main.csv").open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["image"] for row in csv.DictReader(file)))


def magento_figures(encoder: Encoder, root: Path) -> Figures:
    """Other view -> main photo of the same item; templated words in both languages -> items. No picture trained."""
    base, main = root / "magento", magento_main(root)
    found, pages = magento_views(root, encoder.encode_pictures)
    with (base / "gallery_main.csv").open(encoding="utf-8", newline="") as file:
        gallery = list(csv.DictReader(file))
    rows_of = {name: i for i, name in enumerate(main)}
    by_item = {row["item_id"]: rows_of[row["image"]] for row in gallery}
    by_product: dict[str, list[int]] = {}
    for row in gallery:
        by_product.setdefault(row["product_id"], []).append(rows_of[row["image"]])
    with (base / "q_text.jsonl").open(encoding="utf-8") as lines:
        queries = [json.loads(line) for line in lines]
    queries = [q for q in queries if q["kind"] in ("category", "color+category")]
    relevant = np.zeros((len(queries), len(main)), dtype=np.bool_)
    for i, query in enumerate(queries):
        for key in query["relevant"]:
            relevant[i, [by_item[key]] if query["level"] == "item" else by_product.get(key, [])] = True
    for language, field in (("en", "text"), ("zh", "text_zh")):
        scores = encoder.encode_words([q[field] for q in queries]) @ pages.T
        ranked = measure.ranking(scores, relevant)
        found |= {f"words {language} {name}": ranked[name] for name in ("nDCG@10", "mAP")}
    return found


def _look_at_files(look: Look, base: Path, names: Sequence[str], batch: int = 64) -> Vectors:
    parts = [look([_read(base / name) for name in names[at : at + batch]]) for at in range(0, len(names), batch)]
    return np.concatenate(parts)


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def as_table(figures: dict[str, Figures]) -> str:
    """Markdown: a line per figure."""
    lines = ["| data | measure | value |", "|---|---|---|"]
    lines += [f"| {name} | {key} | {value:.3f} |" for name, part in figures.items() for key, value in part.items()]
    return "\n".join(lines)
