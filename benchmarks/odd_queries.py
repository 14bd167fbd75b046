"""Five hundred odd queries: each answered or refused clearly, none above 50 ms.

    python benchmarks/odd_queries.py [--shop FOLDER] [--rounds 3] [--count 500] [--profile 0]

Emoji, ten thousand characters, right to left, only stop words, SQL, HTML, control characters, half surrogate pairs,
forty filters, thousands of words, nonsense, slips, grammar without end, fields of wrong types: made by a seed, and
asked as ``/v1/search`` asks (`query_from_fields`, then `Shop.search`). Without a shop, the demo shop is indexed into a
temporary folder. Every cache of texts is emptied before a query is asked, so that none is quick for having been asked
before; of the rounds the best counts, as a shared machine stops and goes ("cpu": of the whole process, which says more
on one that is busy). A refusal is clear if it says what, where and what to do next.
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import gc
import pstats
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import ROOT, machine, quantiles, save, table
from shoplens.app import Shop, open_shop
from shoplens.core.query import Query
from shoplens.core.wire import query_from_fields
from shoplens.errors import PictureError, ShopLensError

LIMIT_MS = 50.0
"""What no query may take."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
STOP = "a an and as by for from in of on or the this to up with without your is it not no".split()
KNOWN = "bag red leather shirt mug cushion cotton dress shoes black women wool steel jacket glass lamp men kids".split()
CHINESE = "黑色皮包红裙子白鞋真手提男女羊毛围巾杯玻璃棉质大小号便宜元以下不要的了和与"
EMOJI = ["😀", "👜", "👩🏽‍🦰", "🇩🇪", "❤️", "🧥", "👨‍👩‍👧‍👦", "\U0001f9e6"]
RTL = ["حقيبة", "جلد", "أسود", "תיק", "עור", "שחור", "\u202e", "\u200f", "\u2067", "کفش", "قرمز"]
SQL = [
    "'; DROP TABLE products; --", "1' OR '1'='1", "\" UNION SELECT password FROM users --", "bag'); DELETE FROM t; --",
    "admin'/*", "%' AND sleep(5) AND '%'='", "1; ATTACH DATABASE 'x' AS y", "NULL OR 1=1",
]  # fmt: skip
HTML = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><h1>", "&lt;b&gt;", "<svg/onload=alert`1`>",
    "javascript:alert(1)", "<!--", "]]>", "{{7*7}}", "${jndi:ldap://x}", "%00", "../../etc/passwd", "{0.__class__}",
    "%s%n%x", "(a+)+$", "[[[[", "\\", "|", "bag AND (red OR", "title:bag~2", "bag^99", "*:*", "+bag -red", '"bag',
]  # fmt: skip
CONTROL = [chr(n) for n in (*range(32), 127, 0x85, 0x200B, 0x2028, 0xFEFF, 0xFFFE, 0xE0041)]
SURROGATES = ["\ud800", "\udfff", "\udc80", "\ud83d", "\ude00\ud83d"]

Fields = dict[str, Any]
Make = Callable[[random.Random], Fields]


def nonsense(chance: random.Random, low: int = 3, high: int = 12) -> str:
    """A word that no shop has."""
    return "".join(chance.choices(LETTERS, k=chance.randint(low, high)))


def slipped(chance: random.Random) -> str:
    """A word of shops with a letter wrong."""
    word = chance.choice(KNOWN)
    at = chance.randrange(len(word))
    return word[:at] + chance.choice(LETTERS) + word[at + 1 :]


def spaced(make: Callable[[random.Random], str], chance: random.Random, low: int, high: int) -> str:
    """So many of these, with white space between."""
    return " ".join(make(chance) for _ in range(chance.randint(low, high)))


def some(of: Sequence[str], chance: random.Random, low: int, high: int, between: str = " ") -> str:
    """So many of these, in any order, again and again."""
    return between.join(chance.choices(of, k=chance.randint(low, high)))


def filters(chance: random.Random) -> str:
    """Forty conditions."""
    terms = [
        lambda: f"price<{chance.randint(1, 9_999)}", lambda: f"price>={chance.random():.2f}", lambda: "in_stock",
        lambda: f"brand in [{', '.join(nonsense(chance) for _ in range(5))}]", lambda: f"title~{nonsense(chance)}",
        lambda: f"not color={chance.choice(KNOWN)}", lambda: f"category='{nonsense(chance)} > {nonsense(chance)}'",
        lambda: f"price in {chance.randint(1, 50)}..{chance.randint(51, 99)}", lambda: f"{nonsense(chance)}=1",
    ]  # fmt: skip
    known = terms[: -1 if chance.random() < 0.8 else None]
    parts = [chance.choice(known)() for _ in range(40)]
    if chance.random() < 0.5:
        parts = [f"({a} or not ({b}))" for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return " and ".join(parts)


def long_text(chance: random.Random) -> str:
    """Ten thousand characters."""
    kinds: list[Callable[[], str]] = [
        lambda: nonsense(chance, 10_000, 10_000),
        lambda: chance.choice("a1-中😀\u0301 ") * 10_000,
        lambda: "".join(chance.choices(CHINESE, k=10_000)),
        lambda: spaced(lambda c: c.choice(KNOWN), chance, 2_000, 2_000)[:10_000],
        lambda: "".join(chr(chance.randrange(32, 0x2FFFF)) for _ in range(10_000)).encode("utf-8", "replace").decode(),
        lambda: "a" + "\u0301\u0327" * 5_000,
        lambda: "-".join(nonsense(chance, 2, 4) for _ in range(2_500))[:10_000],
        lambda: "e\u0301" * 5_000,
    ]
    return chance.choice(kinds)()


def grammar(chance: random.Random) -> str:
    """Limits, denials and sizes without end."""
    kinds: list[Callable[[], str]] = [
        lambda: "between 20 and " * 40,
        lambda: "not " * 60 + "red",
        lambda: " ".join(f"under ${n}" for n in range(1, 60)),
        lambda: "不要" * 80 + "红色",
        lambda: " or ".join(f"not {chance.choice(KNOWN)}" for _ in range(40)),
        lambda: "a hundred thousand " * 20,
        lambda: " ".join(f"size {n} {n}ml {n}cm" for n in range(30)),
        lambda: "1,000,000,000.00,000,0.0" * 12,
        lambda: "$" * 200 + "5",
        lambda: "红色、" * 60 + "除外",
        lambda: "without any " * 30 + "laces",
        lambda: "两百三十五" * 30 + "以下",
        lambda: " ".join(f"{chance.randint(1, 99)}-{chance.randint(1, 99)}" for _ in range(60)),
        lambda: "free-" * 60 + "free",
        lambda: "under" + " " * 300 + "50",
    ]
    return chance.choice(kinds)()


def wrong(chance: random.Random) -> Fields:
    """Fields that make no sense."""
    kinds: list[Callable[[], Fields]] = [
        lambda: {"q": chance.choice([5, [], {}, True, ["bag"], 1e308, float("nan")])},
        lambda: {"q": "bag", "page": chance.choice([0, -1, 10**30, 1.5, float("inf"), "1", None, 10_001])},
        lambda: {"q": "bag", "per_page": chance.choice([-1, 251, 10**9, [], 24.5])},
        lambda: {"q": "bag", nonsense(chance): 1},
        lambda: {"q": "bag", "sort_by": chance.choice([nonsense(chance), "price:up", ",".join(["price"] * 50), ":"])},
        lambda: {"q": "bag", "facet_by": [nonsense(chance) for _ in range(chance.choice([1, 50, 51]))]},
        lambda: {"q": "bag", "hidden_hits": [nonsense(chance) for _ in range(1_000)]},
        lambda: {"q": "bag", "pinned_hits": [nonsense(chance) for _ in range(chance.choice([1_000, 1_001]))]},
        lambda: {"q": "bag", "without_chips": [f"color:{nonsense(chance)}" for _ in range(1_000)]},
        lambda: {"like": [nonsense(chance)]},
        lambda: {"q": "bag", "cursor": chance.choice(["x", nonsense(chance, 400, 400), nonsense(chance, 401, 401)])},
        lambda: {"q": "bag", "semantic_ratio": chance.choice([-1, 2, float("nan"), "half"])},
        lambda: {"images": chance.choice([["multipart:x"], [{"base64": "!!"}], ["x"] * 9, [{}], 5])},
        lambda: {"q": "bag", "group_by": nonsense(chance), "diversity": chance.choice([0.5, -1, 9])},
        lambda: {"q": "bag", "filter_by": "(" * 4_000},
        lambda: {
            "q": "bag",
            "filter_by": chance.choice(["price<", "not " * 500 + "in_stock", "a" * 9_000, "in in in"]),
        },
        lambda: {"q": "bag", "filter_by": f"brand in [{', '.join(nonsense(chance, 4, 8) for _ in range(800))}]"},
    ]
    return chance.choice(kinds)()


KINDS: dict[str, Make] = {
    "emoji": lambda c: {"q": some(EMOJI, c, 1, 60, c.choice(["", " "]))},
    "10,000 characters": lambda c: {"q": long_text(c)},
    "right to left": lambda c: {"q": some(RTL, c, 1, 40)},
    "stop words only": lambda c: {"q": some(STOP, c, 1, 120)},
    "Chinese stop words only": lambda c: {"q": some("的了和与及个款子儿", c, 1, 120, "")},
    "SQL": lambda c: {"q": some(SQL, c, 1, 8)},
    "HTML": lambda c: {"q": some(HTML, c, 1, 12)},
    "control characters": lambda c: {"q": some([*CONTROL, *KNOWN], c, 1, 120, "")},
    "half surrogate pairs": lambda c: {"q": some([*SURROGATES, *KNOWN], c, 1, 60)},
    "forty filters": lambda c: {"q": c.choice(KNOWN), "filter_by": filters(c), "facet_by": ["brand", "color"]},
    "600 to 5,000 words": lambda c: {"q": spaced(lambda _: c.choice(KNOWN), c, 600, 5_000)},
    "600 to 5,000 nonsense words": lambda c: {"q": spaced(nonsense, c, 600, 5_000)},
    "31 nonsense words": lambda c: {"q": spaced(nonsense, c, 31, 31)},
    "long nonsense words": lambda c: {"q": spaced(lambda _: nonsense(c, 18, 24), c, 8, 24)},
    "short nonsense words": lambda c: {"q": spaced(lambda _: nonsense(c, 1, 4), c, 20, 100)},
    "some nonsense words": lambda c: {"q": spaced(nonsense, c, 1, 8)},
    "words with a slip": lambda c: {"q": spaced(slipped, c, 1, 60)},
    "nonsense in Chinese": lambda c: {"q": some(CHINESE, c, 1, 300, c.choice(["", " "]))},
    "both scripts": lambda c: {"q": spaced(lambda _: c.choice([nonsense(c), some(CHINESE, c, 1, 6, "")]), c, 2, 60)},
    "grammar without end": lambda c: {"q": grammar(c)},
    "numbers and codes": lambda c: {"q": spaced(lambda _: f"{nonsense(c, 0, 4)}{c.randrange(10**6)}", c, 1, 80)},
    "one word of many parts": lambda c: {"q": some([*KNOWN, nonsense(c)], c, 10, 120, c.choice("-_/+.'&"))},
    "white space": lambda c: {"q": some([" ", "\t", "\n", "\u3000", "\u00a0", "\u200b", ""], c, 0, 300, "")},
    "accents and full width": lambda c: {"q": some(["ｂａｇ", "b̷̢a̸g̵", "ｒｅｄ", "ﬁﬁﬁ", "Ⅷ", "㍿", "ǆ", "İ"], c, 1, 100)},
    "wrong fields": wrong,
}  # fmt: skip


def queries(count: int, seed: int = 4) -> Iterator[tuple[str, Fields]]:
    """Kind and fields, the kinds in turn."""
    chance, kinds = random.Random(seed), list(KINDS.items())
    for n in range(count):
        name, make = kinds[n % len(kinds)]
        yield name, make(chance)


def no_picture(source: str) -> bytes:
    """As over HTTP: a path is never read for a client, and there is no net here."""
    raise PictureError("not read here", reason="refused", where="images", hint="send the photo itself")


def ask(shop: Shop, fields: Fields) -> str:
    """What came of it: "answered: ..." or "refused: ..."; whatever else is raised is a fault."""
    try:
        answer = shop.search(query_from_fields(fields, no_picture))
    except ShopLensError as error:
        return f"refused: {error.code}" if error.where and error.hint else f"refused without a hint: {error.code}"
    except Exception as error:
        return f"FAULT: {error!r}"[:100]
    return f"answered: {answer.verdict}"


def forget() -> None:
    """Empties the caches of texts."""
    for cached in CACHES:
        cached.cache_clear()


CACHES: list[Any] = []


def caches() -> list[Any]:
    """The bounded caches of ShopLens: what they hold depends on what was asked."""
    every = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    own = [one for one in every if str(getattr(one, "__module__", "")).startswith("shoplens")]
    return [one for one in own if one.cache_parameters()["maxsize"] is not None]


def main() -> int:
    """Runs the benchmark; 1 where a query was above the limit, or met a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, help="an indexed shop; opened for writing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--profile", type=int, default=0, help="profile so many of the slowest queries")
    given = parser.parse_args()
    demo = ROOT / "src" / "shoplens" / "demo" / "shop"
    with (
        tempfile.TemporaryDirectory(prefix="shoplens-odd-") as made,
        open_shop(given.shop or Path(made) / "shop", create=True) as shop,
    ):
        if not shop.store.last_seq():
            shop.index(demo / "products.jsonl", pictures=demo)
        shop.warm_up()
        shop.suggestions.wait(900)
        for words in ("black leather bag", "黑色皮包", "gift for men under 50 not red"):
            shop.search(Query(words))
        CACHES[:] = caches()
        return told(shop, given.count, given.rounds, given.profile)


def told(shop: Shop, count: int, rounds: int, profiled: int) -> int:
    """Asks all, tells what came of it."""
    every = list(queries(count))
    took: list[list[float]] = [[] for _ in every]
    worked: list[list[float]] = [[] for _ in every]
    outcomes = [""] * len(every)
    for _ in range(rounds):
        for n, (_, fields) in enumerate(every):
            forget()
            started, cpu = time.perf_counter(), time.process_time()
            outcomes[n] = ask(shop, fields)
            worked[n].append(1e3 * (time.process_time() - cpu))
            took[n].append(1e3 * (time.perf_counter() - started))
    best = [min(times) for times in took]
    rows = []
    for kind in KINDS:
        own = [n for n, (name, _) in enumerate(every) if name == kind]
        if own:
            rows.append(
                {
                    "kind": kind,
                    "queries": len(own),
                    "median, ms": round(sorted(best[n] for n in own)[len(own) // 2], 1),
                    "slowest, ms": round(max(best[n] for n in own), 1),
                    "cpu, ms": round(max(min(worked[n]) for n in own), 1),
                    "outcomes": ", ".join(f"{c} {o}" for o, c in Counter(outcomes[n] for n in own).most_common()),
                }
            )
    slowest = sorted(range(len(every)), key=lambda n: -best[n])
    over = [n for n in slowest if best[n] > LIMIT_MS]
    faults = [n for n, outcome in enumerate(outcomes) if not outcome.startswith(("answered: ", "refused: "))]
    print(machine())
    table(sorted(rows, key=lambda row: -float(str(row["slowest, ms"]))))
    for n in dict.fromkeys([*slowest[:8], *faults]):
        kind, fields = every[n]
        print(f"{best[n]:8.1f} ms  {kind}: {str(fields)[:140]!r} -> {outcomes[n]}")
    print(f"{len(every)} queries: {len(faults)} faults, {len(over)} above {LIMIT_MS:g} ms, {quantiles(best)}")
    for n in slowest[:profiled]:
        forget()
        profile = cProfile.Profile()
        profile.runcall(ask, shop, every[n][1])
        print(every[n][0], str(every[n][1])[:100])
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
    save("odd_queries", {"products": shop.about()["products"], "slowest": best[slowest[0]], "kinds": rows})
    return 1 if over or faults else 0


if __name__ == "__main__":
    sys.exit(main())
