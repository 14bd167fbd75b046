"""The stages of the recipe, each reading what the one before left in the run's folder.

``pool.npy`` (letterboxed pictures), ``teacher.npz`` (the teacher's vectors), ``image.pt`` (image tower),
``tokenizer.json`` and ``text.pt`` (text tower). A stage whose result lies there already is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from shoplens.encoders.lexicon import Lexicon, load_lexicon
from shoplens.training import corpus, distil, side_fit
from shoplens.training.augment import augment
from shoplens.training.banks import Bank, make_banks
from shoplens.training.corpus import Notion
from shoplens.training.data import Item, Pool, build_pool, clothing_items, fashion_items, grocery_items
from shoplens.training.loop import Plan, Student, Words, train_images
from shoplens.training.projecting import tune_projection
from shoplens.training.side import Side
from shoplens.training.teacher import WIDTH, TeacherCache
from shoplens.training.tokenizer import train_tokenizer
from shoplens.training.towers import TextTower

POOL_RESOLUTION = 128

Labels = Mapping[str, npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Material:
    """All that the stages share: pictures, banks, labels, and the teacher's vectors of every caption."""

    pool: Pool
    lexicon: Lexicon
    banks: list[Bank]
    labels: Labels
    words: Words
    centre: Tensor
    teacher: TeacherCache


def all_items(root: Path, lexicon: Lexicon, rendered: Sequence[Item] = ()) -> list[Item]:
    """Items of every source, in a fixed order."""
    return [*fashion_items(root, lexicon), *clothing_items(root, lexicon), *grocery_items(root), *rendered]


def prepare(root: Path, folder: Path, extra: Pool | None = None) -> Material:
    """Reads the data, draws ``extra`` (rendered pictures) in, and has the teacher read every caption."""
    lexicon = load_lexicon()
    items = all_items(root, lexicon)
    saved = folder / "pool.npy"
    if saved.exists():
        pool = Pool(items, np.load(saved))
    else:
        pool = build_pool(root, items, POOL_RESOLUTION)
        np.save(saved, pool.pixels)
    if extra is not None:
        pool = Pool([*pool.items, *extra.items], np.concatenate([pool.pixels, extra.pixels]))
    return gather(pool, lexicon, TeacherCache(folder / "teacher.npz"))


def gather(pool: Pool, lexicon: Lexicon, teacher: TeacherCache) -> Material:
    """Banks, labels and caption vectors of a pool."""
    banks = make_banks(pool.items, lexicon)
    place: dict[str, int] = {}

    def row(text: str) -> int:
        return place.setdefault(text, len(place))

    bank_rows = [[np.asarray([row(text) for text in said]) for said in bank.english] for bank in banks]
    titles = np.asarray([row(item.title) for item in pool.items])
    vectors = torch.from_numpy(teacher.vectors(list(place)))
    train = [i for i, item in enumerate(pool.items) if item.split == "train" and item.source != "rendered"]
    # The centre is taken over what was there from the first run on, so that rendered pictures do not move the space.
    centre = vectors[np.unique(np.concatenate([titles[train], *bank_rows[0]]))].mean(0)
    words = Words(vectors - centre, bank_rows, titles)
    return Material(pool, lexicon, banks, _labels(pool.items, lexicon), words, centre, teacher)


def _labels(items: Sequence[Item], lexicon: Lexicon) -> Labels:
    def of_facet(facet: str, key: Callable[[Item], str]) -> npt.NDArray[np.int64]:
        classes = {entry.key: i for i, entry in enumerate(lexicon.facet(facet))}
        return np.asarray([classes.get(key(item), -1) for item in items], dtype=np.int64)

    def of_group(key: Callable[[Item], object]) -> npt.NDArray[np.int64]:
        groups: dict[object, int] = {}
        return np.asarray([groups.setdefault(key(item), len(groups)) for item in items], dtype=np.int64)

    return {
        "kind": of_facet("kind", lambda item: item.kind),
        "colour": of_facet("colour", lambda item: item.colour),
        "gender": of_facet("gender", lambda item: item.gender),
        "alike": of_group(lambda item: item.alike),
        "same": of_group(lambda item: (item.alike, item.gender)),
        "product": of_group(lambda item: item.product),
    }


def image_stage(
    material: Material,
    plan: Plan,
    folder: Path,
    watch: Callable[[Student, int], Mapping[str, float]] | None = None,
    every: int = 250,
) -> Student:
    """Trains the image tower, going on from ``image.pt`` where there is one."""
    return train_images(material.pool, material.banks, material.words, material.labels, plan, folder, watch, every)


def load_student(material: Material, folder: Path) -> Student:
    """The moving average kept in ``image.pt``, ready to embed."""
    state = torch.load(folder / "image.pt", weights_only=False)["average"]
    kinds, colours, genders = (int(state[f"{name}.weight"].shape[0]) for name in ("kind", "colour", "gender"))
    student = Student(kinds, colours, genders, WIDTH)
    student.load_state_dict(state)
    return student.to(memory_format=torch.channels_last).eval()


def notions(material: Material, root: Path | None, seed: int = 0) -> list[Notion]:
    """All meanings that the text tower learns; without ``root`` those alone that need no data set."""
    items, lexicon = material.pool.items, material.lexicon
    crossings = corpus.notions_of_crossings(lexicon, 1500, seed)
    return [
        *corpus.notions_of_items(items, lexicon),
        *(Notion("crossings", n.taught[:3], n.said) for n in crossings),
        *(Notion("quality", n.taught[:3], n.said) for n in corpus.notions_with_qualities(lexicon, 1500, seed + 1)),
        *corpus.notions_of_lexicon(lexicon),
        *corpus.notions_of_titles(items, lexicon),
        *corpus.notions_of_drawn(items),
        *(corpus.notions_of_categories(root) if root else []),
        *(corpus.notions_of_electronics(root, 1500) if root else []),
    ]


@torch.no_grad()
def targets_of(material: Material, student: Student, meanings: Sequence[Notion]) -> Tensor:
    """Unit targets [n, 256]: the mean of the projected teacher vectors of each meaning's English wordings."""
    place = {text: i for i, text in enumerate(dict.fromkeys(t for n in meanings for t in n.taught))}
    vectors = torch.from_numpy(material.teacher.vectors(list(place))) - material.centre
    said = F.normalize(student.teacher(vectors), dim=-1)
    return F.normalize(torch.stack([said[[place[t] for t in n.taught]].mean(0) for n in meanings]), dim=-1)


@torch.no_grad()
def gallery_of(material: Material, student: Student, resolution: int, views: int = 2) -> distil.Gallery:
    """Vectors of the training pictures, changed ``views`` times, with their captions and titles in both languages."""
    items = material.pool.items
    rows = np.asarray([i for i, item in enumerate(items) if item.split == "train"])
    vectors = torch.zeros(views, len(rows), 256)
    for view in range(views):
        for start in range(0, len(rows), 64):
            chosen = rows[start : start + 64]
            pictures = augment(torch.from_numpy(material.pool.pixels[chosen]), resolution)
            vectors[view, start : start + 64] = student.tower(pictures.contiguous(memory_format=torch.channels_last))
    captions = []
    for bank in material.banks:
        labels = bank.labels[rows]
        for label, (english, chinese) in enumerate(zip(bank.english, bank.chinese, strict=True)):
            right = np.flatnonzero(labels == label)
            if len(right):
                captions.append(((*english, *chinese), right))
    titles = {n.taught[0]: n.said for n in corpus.notions_of_titles(items, material.lexicon)}
    said = [titles.get(items[row].title) or (*items[row].words, *items[row].words_zh) for row in rows]
    classes = [
        ([(*english, *chinese) for english, chinese in zip(bank.english, bank.chinese, strict=True)], labels)
        for bank in material.banks
        if len(bank.english) <= 100 and (labels := torch.from_numpy(bank.labels[rows])).max() >= 0
    ]
    return distil.Gallery(vectors, captions, said, classes)


def text_stage(
    material: Material,
    student: Student,
    root: Path | None,
    folder: Path,
    plan: distil.TextPlan,
    resolution: int,
    watch: Callable[[TextTower, Tokenizer], Mapping[str, float]] | None = None,
) -> tuple[TextTower, Tokenizer]:
    """Trains the text tower against the student's space, going on from ``text.pt`` where there is one."""
    meanings = notions(material, root)
    path = folder / "tokenizer.json"
    if not path.exists():
        train_tokenizer(text for n in meanings for text in n.said).save(str(path))
    tokenizer = Tokenizer.from_file(str(path))
    tower = TextTower(tokenizer.get_vocab_size(), longest=distil.LONGEST)
    saved = folder / "text.pt"
    if saved.exists():
        tower.load_state_dict(torch.load(saved, weights_only=False)["tower"])
    gallery = gallery_of(material, student, resolution)
    targets = targets_of(material, student, meanings)
    seen = (lambda t: watch(t, tokenizer)) if watch else None
    return distil.train_words(tower, tokenizer, meanings, targets, gallery, plan, saved, seen), tokenizer


def load_text(folder: Path) -> tuple[TextTower, Tokenizer]:
    """The text tower and tokenizer kept in ``text.pt`` and ``tokenizer.json``."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tower = TextTower(tokenizer.get_vocab_size(), longest=distil.LONGEST)
    tower.load_state_dict(torch.load(folder / "text.pt", weights_only=False)["tower"])
    return tower.eval(), tokenizer


@torch.no_grad()
def side_stage(
    material: Material, student: Student, tower: TextTower, tokenizer: Tokenizer, folder: Path, resolution: int
) -> Side:
    """Trains the last projection against the text tower, fits the side signal of pictures, and turns both towers to the
    directions that they share; in place."""

    def say(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return distil.embed_words(tower, tokenizer, texts)

    views = side_fit.look(material.pool, student.tower, resolution, folder)
    side = side_fit.fit(views, material.lexicon)
    weights = student.tower.project.weight
    with torch.enable_grad():
        tuned = tune_projection(weights, views, views.rows, material.banks, material.labels, say)
    weights.copy_(tuned)
    pictures = F.normalize(student.tower.project(torch.from_numpy(views.features[0])), dim=-1)
    titles = [item.title or item.words[0] for item in views.items if item.title or item.words]
    words = torch.from_numpy(say(titles))
    side_fit.turn(student.tower, tower, side_fit.shared_directions(pictures, words))
    return side
