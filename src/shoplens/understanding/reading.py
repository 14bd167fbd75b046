"""The lexicon as queries are read by it: names with all that they may mean, families of colours and materials, and how
a text says a thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from shoplens.core.names import Names
from shoplens.understanding.colours import looks
from shoplens.understanding.notions import COLOURS, Notion

Meaning = tuple[str, str]
"""Facet and key of the lexicon."""
Meanings = frozenset[Meaning]

GROUPS: dict[str, str] = {
    "colour": "color", "shade": "color", "material": "material", "pattern": "pattern", "gender": "gender", "age": "age",
    "kind": "kind", "goods": "kind", "part": "feature", "feature": "feature",
}  # fmt: skip
"""Facet of the lexicon -> kind of the chip."""

_FURTHER: tuple[tuple[str, str, str], ...] = (
    ("gender", "men", "mens;man's;gentlemen;for him;gents';男装;男子"),
    ("gender", "women", "womens;woman's;lady;lady's;ladies';for her;女装;女子"),
    ("gender", "boys", "boys'"),
    ("gender", "girls", "girls'"),
    ("age", "child", "kids';kid's;children's;childrens;童装;小孩子"),
    ("age", "infant", "baby's;宝宝的"),
    ("feature", "laces", "laces;shoelaces;shoe laces;lace-up;lace up;lacing;鞋带;系带;绑带"),
    ("feature", "hood", "hood;hooded;hoodie;hoodies;hoods;帽兜;连帽;帽子;帽"),
    ("feature", "zip", "zip;zips;zipper;zippers;zipped;zip-up;拉链;拉链款"),
    ("feature", "sleeves", "sleeves;sleeve;long sleeve;long sleeves;short sleeve;short sleeves;袖子;长袖;短袖;袖"),
    ("feature", "buttons", "buttons;button;button-up;buttoned;纽扣;扣子;钮扣;系扣"),
    ("feature", "pockets", "pockets;pocket;口袋;兜"),
    ("feature", "logo", "logo;logos;logo print;branding;标志;商标;徽标"),
    ("feature", "straps", "straps;strap;肩带;带子"),
    ("feature", "heel", "heel;heels;heeled;high heels;高跟;鞋跟;跟"),
    ("feature", "collar", "collar;collars;领子;衣领"),
    ("feature", "wheels", "wheels;wheel;wheeled;轮子;滚轮;带轮"),
    ("feature", "underwire", "underwire;underwires;underwired;wire;wires;钢圈;文胸钢圈"),
    ("feature", "print", "print;prints;printed;graphic print;印花;图案"),
    ("feature", "stripes", "stripes;stripe;striped;条纹"),
    ("feature", "glitter", "glitter;sequin;sequins;sequined;亮片"),
    ("feature", "lid", "lid;lids;盖子;盖"),
    ("feature", "handle", "handle;handles;把手;手柄"),
    ("feature", "cable", "cable;cables;cord;corded;wired;线;电线;有线"),
)
"""Names that the lexicon lacks, and what a thing may be "without": facet, key, names."""

_NOTHING = (
    "black friday;white noise;white noise machine;black tie;red bull;blue light;blu ray;blue ray;white label;"
    "red carpet;white elephant;golden retriever;golden goose;green energy;black box;white board;black forest;"
    "grey goose;off the shoulder;red cross;black ops;pink floyd;blackberry;white house;no man;no woman;no name;"
    "红包;红外;红外线;"
    "黑科技;白酒;黑五;黑色星期五;绿植;绿色食品;黄油;白菜;白板;黑板;红牛;红枣;黑枸杞;白茶;红茶;绿茶;黄牛;小白;蓝牙;蓝光;红木;"
    "皮肤;顽皮;调皮;皮带扣;毛孔;毛笔;木糖醇;棉签;棉花糖;金属感;金枪鱼;金针菇;银行;银杏;银耳;紫菜;紫薯;橙子;橙汁;五十度灰"
)
"""What holds a colour's or a material's name and is something else."""

_RELATED: dict[str, tuple[str, ...]] = {
    "leather": ("cowhide", "sheepskin", "pigskin", "snakeskin", "nubuck", "suede"),
    "wool": ("mohair", "merino", "alpaca", "angora"),
    "fur": ("shearling",),
    "wood": (
        "oak-wood",
        "walnut-wood",
        "pine-wood",
        "teak-wood",
        "rubberwood",
        "beech",
        "birch",
        "plywood",
        "rosewood",
    ),
    "metal": ("stainless-steel", "steel-metal", "iron-metal", "cast-iron", "aluminium"),
    "down": ("goose-down", "duck-down"),
}
"""Materials -> others that are of it and do not carry its name in their key."""


class Reading:
    """What names mean. Safe to use from several threads."""

    def __init__(self, notions: Iterable[Notion]) -> None:
        meanings: dict[str, set[Meaning]] = {}
        self.names_of: dict[Meaning, tuple[str, ...]] = {}

        def name(facet: str, key: str, names: Iterable[str]) -> None:
            some = tuple(dict.fromkeys(one.casefold().strip() for one in names))
            self.names_of[facet, key] = tuple(dict.fromkeys((*self.names_of.get((facet, key), ()), *some)))
            for one in some:
                meanings.setdefault(one, set()).add((facet, key))

        for notion in notions:
            name(notion.facet, notion.key, (*notion.english, *notion.chinese))
        for facet, key, more in _FURTHER:
            name(facet, key, more.split(";"))
        for phrase in _NOTHING.split(";"):
            meanings[phrase] = {("nothing", phrase)} | (meanings.get(phrase, set()))
        self._meanings = {one: frozenset(some) for one, some in meanings.items() if not self._is_two(one, meanings)}
        self.names: Names[Meanings] = Names(self._meanings)
        self._with: dict[str, list[str]] = {}
        for one in self._meanings:
            for part in set(parts_of(one)):
                self._with.setdefault(part, []).append(one)

    @staticmethod
    def _is_two(name: str, meanings: Mapping[str, set[Meaning]]) -> bool:
        """Whether a name of goods is a colour or material and a kind ("white sneakers"): then it is read as these two;
        "red wine" is not, as wine is no kind of clothing."""
        if {facet for facet, _ in meanings[name]} != {"goods"}:
            return False
        cuts = [name.find(" ")] if name.isascii() else [1, 2]
        for cut in cuts:
            first, second = meanings.get(name[:cut], ()), meanings.get(name[cut:].strip(), ())
            if first and all(GROUPS.get(f) in ("color", "material") for f, _ in first):
                return any(facet == "kind" for facet, _ in second)
        return False

    def at(self, text: str, start: int) -> tuple[int, Meanings] | None:
        """The longest name that stands at a place of a lower-case text: its end and its meanings."""
        return self.names.at(text, start)

    def means(self, name: str) -> Meanings:
        """What a name means; nothing for one that is none."""
        return self._meanings.get(name, frozenset())

    @lru_cache(maxsize=4096)  # noqa: B019 - one Reading lives as long as the process
    def family(self, meanings: Meanings) -> Meanings:
        """These and all that are a kind of them: crimson is red, cowhide is leather (faux leather is not)."""
        out = set(meanings)
        for facet, key in meanings:
            for other_facet, other in self.names_of:
                if facet in COLOURS and other_facet in COLOURS:
                    parts = other.split("-")
                    of_many = parts[-1] == "multi" and key in parts
                    shade = other.endswith(f"-{key}") and key not in ("multi", "metallic")
                    if looks(other)[:1] == (key,) or of_many or shade:
                        out.add((other_facet, other))
                elif facet == other_facet == "material":
                    parts = other.split("-")
                    if other in _RELATED.get(key, ()) or (key in parts and parts[0] not in ("faux", "non")):
                        out.add((other_facet, other))
        return frozenset(out)

    @lru_cache(maxsize=4096)  # noqa: B019
    def sayings(self, denied: Meanings, itself: Meanings) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names by which a product would say one of these, and longer names that hold one and mean something else.

        Of colours and materials only names that mean nothing else ("cherry" is a fruit, too), but for those of what is
        denied ``itself``; of names that hold another one of these ("cherry red") the shorter does. Of features whatever
        holds the name has it ("full-zip hoodie").
        """
        groups = {GROUPS.get(facet) for facet, _ in denied}
        loose = not groups & {"color", "material"}
        own = {
            name
            for meaning in denied
            for name in self.names_of[meaning]
            if loose or meaning in itself or all(GROUPS.get(facet) in groups for facet, _ in self.means(name))
        }
        names = [name for name in own if not any(other != name and holds(name, other) for other in own)]
        near = {} if loose else {longer: None for name in names for longer in self._with.get(parts_of(name)[0], ())}
        unless = [
            longer
            for longer in near
            if longer not in own and not self.means(longer) & denied and any(holds(longer, one) for one in names)
        ]
        return tuple(sorted(names, key=lambda one: (-one.isascii(), len(one), one))), tuple(sorted(unless))

    def says(self, text: str, denied: Meanings, itself: Meanings) -> bool:
        """Whether a text says one of these, and does not deny it ("without laces", "leather-free")."""
        text = text[:_READ].casefold()
        groups = {GROUPS.get(facet) for facet, _ in denied}
        if groups & {"color", "material"}:
            spans = [
                (start, end)
                for start, end, meant in self.names.spans(text)
                if meant & itself or (meant & denied and all(GROUPS.get(facet) in groups for facet, _ in meant))
            ]
        else:
            spans = [match.span() for match in self._pattern(denied, itself).finditer(text)]
        return any(
            not _DENIED_BEFORE.search(text[max(0, a - 16) : a]) and not _DENIED_AFTER.match(text, b) for a, b in spans
        )

    @lru_cache(maxsize=512)  # noqa: B019
    def _pattern(self, denied: Meanings, itself: Meanings) -> re.Pattern[str]:
        names = "|".join(
            rf"(?<![a-z]){re.escape(n)}(?![a-z])" if n.isascii() else re.escape(n)
            for n in self.sayings(denied, itself)[0]
        )
        return re.compile(names or "(?!)")


_READ = 1000
"""Characters of a text that are read."""
_DENIED_BEFORE = re.compile(
    r"(?:(?<![a-z])(?:without|no|non|not|free of|free from|w/o)(?:\s(?:any|a|the))?[\s-]|无|不含|不带|非|没有|不是)\s?$"
)
_DENIED_AFTER = re.compile(r"[-\s]?free(?![a-z])|[-\s]?less(?![a-z])")


def parts_of(name: str) -> list[str]:
    """The words of a name, or its Chinese characters."""
    return name.replace("-", " ").split() or [name] if name.isascii() else list(name)


def holds(longer: str, name: str) -> bool:
    """Whether a name holds another one as whole words (Chinese: anywhere)."""
    if name not in longer:
        return False
    return not name.isascii() or f" {name} " in f" {longer.replace('-', ' ')} "


_FIRST = ("color", "gender", "age", "material", "pattern", "kind", "feature")


def kind_of(meanings: Meanings) -> str:
    """The kind of chip for what a name means; "" for none. A name of a colour and a fruit is a colour."""
    groups = {GROUPS.get(facet, "") for facet, _ in meanings}
    if ("nothing") in {facet for facet, _ in meanings}:
        return ""
    return next(
        (one for one in ("color", "gender", "age", "material", "pattern", "kind", "feature") if one in groups), ""
    )


def of_group(meanings: Meanings, group: str) -> Meanings:
    """Those of the meanings that belong to a kind of chip."""
    return frozenset(one for one in meanings if GROUPS.get(one[0]) == group)
