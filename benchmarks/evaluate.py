"""Word queries a second of ``shoplens evaluate``, beside the encoding of the same words alone.

    python benchmarks/evaluate.py [--queries 800] [--rounds 3]

Distinct queries ("black sandals for women", 黑色凉鞋) on the demo shop and, where it is here, the data set `magento`;
depth 100, the command itself as a user runs it (a process a core; its own count of queries a second, which leaves out
opening the shop). The floor encodes the same words one by one on one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import shoplens.demo
from harness import DATA, pace, save, table
from shoplens.app import open_shop
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.engine.indexing import IndexOptions


def words(count: int) -> list[str]:
    """Distinct queries, every fourth one Chinese."""
    lexicon = load_lexicon()
    colours, kinds, genders = lexicon.facet("colour")[:12], lexicon.facet("kind"), lexicon.facet("gender")
    found = []
    for n, (kind, colour, gender) in enumerate(product(kinds, colours, genders)):
        if n % 4 == 3:
            found.append(gender.chinese[0] + colour.chinese[0] + kind.chinese[0])
        else:
            found.append(f"{colour.english[0]} {kind.english[0]} for {gender.english[0]}")
    distinct = list(dict.fromkeys(found))
    return distinct[:: max(1, len(distinct) // count)][:count]


def encoded_a_second(asked: list[str]) -> float:
    """The floor: the words encoded one by one."""
    encoder = bundled_encoder()
    encoder.encode_words(asked[:20])
    start = time.perf_counter()
    for text in asked:
        encoder.encode_words([text])
    return len(asked) / (time.perf_counter() - start)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    asked, rows = words(args.queries), []
    with tempfile.TemporaryDirectory(prefix="shoplens-bench-") as made:
        folder = Path(made)
        (folder / "queries.jsonl").write_text(
            "".join(json.dumps({"query_id": f"q{n}", "q": text}) + "\n" for n, text in enumerate(asked)), "utf-8"
        )
        feeds = {"demo": Path(shoplens.demo.__file__).parent / "shop"}
        if (DATA / "magento").is_dir():
            feeds["magento"] = DATA / "magento" / "products.jsonl"
        for name, feed in feeds.items():
            with open_shop(folder / name, create=True) as shop:
                shop.index(feed, options=IndexOptions())
                first = next(iter(shop.store.ids()))
            (folder / "qrels.trec").write_text("".join(f"q{n} 0 {first} 1\n" for n in range(len(asked))))
            for _ in range(args.rounds):
                command = [sys.executable, "-m", "shoplens", "evaluate", "--json", "--shop", str(folder / name)]
                command += ["--queries", str(folder / "queries.jsonl"), "--qrels", str(folder / "qrels.trec")]
                said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                floor = encoded_a_second(asked)
                rate = said["queries_per_second"]
                rows.append(
                    {
                        "shop": name,
                        "queries": len(asked),
                        "per_s": round(rate, 1),
                        "p50_ms": round(said["latency_ms"]["p50"], 2),
                        "encoding_per_s": round(floor, 1),
                        "share": round(rate / floor, 3),
                        "pace_ms": pace(),
                    }
                )
                print(rows[-1], flush=True)
    table(rows)
    save("evaluate", rows)


if __name__ == "__main__":
    main()
