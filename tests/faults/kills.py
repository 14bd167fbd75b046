"""kill -9, many times, of a shop that is at work in five ways; after each, what was acknowledged is looked for.

    python -m tests.faults.kills FOLDER TIMES [SEED]

Ways: ``import`` (a feed), ``updates`` (prices, one by one), ``snapshot`` (writes, and snapshots of all copies),
``switch`` (re-encoding, and from one encoder to the other and back), ``service`` (prices over HTTP). Imports as jobs
are killed in ``tests/edges/test_http_jobs.py``. The shop is the same throughout. A line of JSON for each kill; the last
one sums up. Exit code 1 if anything acknowledged was lost, or an index differs from the truth.

Processes are forks of this one, which has loaded everything: a kill and the look after it take about a second.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog
import uvicorn

from shoplens.app import Shop, open_shop
from shoplens.engine import indexing, reencoding
from shoplens.engine.copy_rows import picture_rows, text_row
from shoplens.engine.indexing import IndexOptions, Progress
from shoplens.lexical import lexicon_asking, lexicon_words
from shoplens.server import create_app
from tests.serving import key_for
from tests.switching.conftest import Place

WAYS = ("import", "updates", "snapshot", "switch", "service")
PRODUCTS = 24
Say = Callable[[str], None]


class Kept:
    """What was acknowledged so far: the least price of each product (prices only ever rise), and products by id."""

    def __init__(self) -> None:
        self.price: dict[str, int] = {}
        self.round = 1
        self.serves = ""

    def take(self, line: str) -> None:
        """One line of a worker: ``price ID N``, ``round N``, ``serves NAME``."""
        kind, *rest = line.split()
        if kind == "price":
            self.price[rest[0]] = max(self.price.get(rest[0], 0), int(rest[1]))
        elif kind == "round":
            self.round = max(self.round, int(rest[0]))
        elif kind == "serves":
            self.serves = rest[0]


def feed_of(place: Place, price: int) -> Path:
    """The feed at a price; each round brings a product with a picture of its own, up to twice as many as at first."""
    if len(place.rows) < 2 * PRODUCTS:
        place.add(len(place.rows))
    for row in place.rows:
        row["price"] = f"{price}.00"
    return place.feed()


def at_work(way: str, place: Place, start: int, say: Say, listener: socket.socket) -> None:
    """Works until it is killed. ``start``: higher than every price so far."""
    indexing.BATCH = reencoding.BATCH = 4  # many small transactions: many places to die in
    with open_shop(place.config()) as shop:
        say("open")
        if way == "service":
            serve(shop, listener, say)
            return
        while True:
            start += 1
            if way == "import":
                imports(shop, place, start, say)
            elif way == "switch":
                switches(shop, place, say)
            else:
                for product_id in list(shop.store.ids())[start % 5 :: 5]:
                    shop.edits.patch(product_id, {"price": f"{start}.00"})
                    say(f"price {product_id} {start}")
                if way == "snapshot":
                    shop.copies.save()
                    shop.catch_up()
                    say("saved")


def imports(shop: Shop, place: Place, price: int, say: Say) -> None:
    """One import; each batch that is safe is told."""
    feed, order, told = feed_of(place, price), [row["id"] for row in place.rows], 0

    def on_progress(progress: Progress) -> None:
        nonlocal told
        upto = order.index(progress.last_id) + 1
        for product_id in order[told:upto]:
            say(f"price {product_id} {price}")
        told = upto

    shop.index(feed, pictures=place.photos, options=IndexOptions(remove_missing=False), on_progress=on_progress)


def switches(shop: Shop, place: Place, say: Say) -> None:
    """Encodes what lacks a vector in the other space, switches to it, and forgets the one before every third time."""
    serves = shop.spaces.name()
    other = place.name("two" if serves == place.name("one") else "one")
    shop.spaces.reencode(other, on_progress=lambda _: say("stored"))
    shop.spaces.switch(other, incomplete=True)
    say(f"serves {other}")
    shop.search("kettle")


def serve(shop: Shop, listener: socket.socket, say: Say) -> None:
    """Serves it; who asks is the parent."""
    say(f"key {key_for(shop, 'catalogue')}")
    server = uvicorn.Server(uvicorn.Config(create_app(shop), log_level="error"))
    asyncio.run(server.serve(sockets=[listener]))


def ask(address: str, key: str, start: int, say: Say, stop: threading.Event) -> None:
    """Writes prices over HTTP until the service is gone; what was answered with 200 is told."""
    with httpx.Client(base_url=address, headers={"authorization": f"Bearer {key}"}, timeout=20) as client:
        while not stop.is_set():
            start += 1
            try:
                for number in range(PRODUCTS):
                    done = client.patch(f"/v1/products/P{number}", json={"price": f"{start}.00"})
                    if done.status_code == 200:
                        say(f"price P{number} {start}")
            except httpx.HTTPError:
                return


def look(place: Place, kept: Kept, say: Say) -> None:
    """As the next start does: everything acknowledged is there, and every copy is what the store says."""
    with open_shop(place.config()) as shop:
        if not shop.catch_up(30):
            say("wrong the words cannot be brought up to date")
        for finding in shop.doctor():
            if finding.level == "error" and finding.code != "vectors_missing":
                say(f"wrong doctor: {finding.message}")
        for line in shop.store.check():
            say(f"wrong store: {line}")
        if kept.serves and shop.spaces.name() != kept.serves:
            say(f"serves {shop.spaces.name()}")  # a switch that was committed, and not yet told
        stored = [s for part in shop.store.scan() for s in part]
        by_id = {s.product.id: s for s in stored}
        for product_id, least in kept.price.items():
            price = price_of(by_id[product_id]) if product_id in by_id else -1
            if price < least:
                say(f"wrong {product_id} was acknowledged at {least} and is {price}")
        parts = shop.copies.parts
        have = {m: set(shop.store.vectors(shop.space, m, list(keys_of(stored, m)))) for m in ("picture", "words")}
        for one in stored:
            rows = [row for row in picture_rows(one) if row.key in have["picture"]]
            if parts.pictures.rows_of(one.number) != rows:
                say(f"wrong the index of pictures differs from the store at {one.product.id}")
            row = text_row(one)
            if parts.texts.rows_of(one.number) != ([row] if row.key in have["words"] else []):
                say(f"wrong the index of texts differs from the store at {one.product.id}")
            if one.product.id not in {h.product.id for h in found(shop, one.product.title)}:
                say(f"wrong the words do not find {one.product.id}")
        everything = {hit.product.id for hit in shop.search("", per_page=200).hits}
        if everything != set(by_id):
            say("wrong the filters do not agree with the store")
        say(f"highest {max(map(price_of, stored), default=0)}")


def found(shop: Shop, title: str) -> list[Any]:
    """What the words alone find."""
    return list(shop.search(title, semantic_ratio=0.0, per_page=100).hits)


def price_of(stored: Any) -> int:
    """The price of a product, in whole units."""
    return int(float(str(stored.product.variants[0].price)))


def keys_of(stored: list[Any], modality: str) -> set[str]:
    """The keys of the vectors that products want."""
    if modality == "picture":
        return {row.key for one in stored for row in picture_rows(one)}
    return {text_row(one).key for one in stored}


def forked(do: Callable[[Say], None]) -> tuple[int, int]:
    """A fork that tells lines: its number, and the end of the pipe to read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    code = 1
    try:
        do(lambda line: [os.write(writing, line.encode() + b"\n")].clear())
        code = 0
    except BaseException:
        os.write(writing, f"wrong {traceback.format_exc(limit=-5)!r}\n".encode())
    finally:
        os._exit(code)


def killed(place: Place, way: str, kept: Kept, start: int) -> list[str]:
    """Lets a worker begin, kills it at a random moment; what it told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child, pipe = forked(lambda say: at_work(way, place, start, say, listener))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    lines: list[str] = []
    stop, asking = threading.Event(), None
    wanted, until = random.randrange(12 if way == "service" else 24), time.monotonic() + 60
    rest, moment = b"", 0.0
    while not moment or time.monotonic() < moment:
        if time.monotonic() > until:
            lines.append("wrong nothing was told for a minute")
            break
        if select.select([pipe], [], [], 0.01)[0]:
            data = os.read(pipe, 65536)
            if not data:
                lines.append("wrong the worker ended by itself")
                break
            *whole, rest = (rest + data).split(b"\n")
            lines += [one.decode() for one in whole]
        if asking is None and (key := next((one[4:] for one in lines if one.startswith("key ")), "")):
            asking = threading.Thread(target=ask, args=(address, key, start, lines.append, stop))
            asking.start()
        # By progress first, so that a slow machine dies in the same places as a quick one; then at any moment.
        if not moment and "open" in lines and sum(one[:3] != "key" for one in lines) > wanted:
            moment = time.monotonic() + random.uniform(0.0, 0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    stop.set()
    if asking is not None:
        asking.join()
    with os.fdopen(pipe, "rb") as left:  # told before the signal came
        lines += [one.decode() for one in (rest + left.read()).split(b"\n")[:-1]]
    return lines


def looked(place: Place, kept: Kept) -> list[str]:
    """The look of a process that starts anew."""
    child, pipe = forked(lambda say: look(place, kept, say))
    with os.fdopen(pipe, "rb") as told:
        lines = told.read().decode().splitlines()
    return lines + (["wrong it ended by itself"] if os.waitpid(child, 0)[1] else [])


def main(folder: Path, times: int, seed: int = 1) -> int:
    """Kills and looks, ``times`` times; how often something was wrong."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for figures
    random.seed(seed)
    lexicon_words(), lexicon_asking()  # once, and not in each fork anew
    kept, wrong, per_way, acknowledged = Kept(), 0, Counter[str](), 0
    place = Place(folder, PRODUCTS)

    def begin(_: Say) -> None:
        with open_shop(place.config(), create=True) as shop:
            place.index(shop)

    os.waitpid(forked(begin)[0], 0)
    start = 100
    for number in range(times):
        way = WAYS[number % len(WAYS)]
        began = time.monotonic()
        lines = killed(place, way, kept, start)
        for line in lines:
            kept.take(line)
        told = looked(place, kept)
        for line in told:
            kept.take(line)
        problems = [line for line in (*lines, *told) if line.startswith("wrong")]
        start = max([start, *(int(line.split()[1]) for line in told if line.startswith("highest"))]) + 1
        acknowledged += sum(line.startswith(("price", "saved", "stored", "serves")) for line in lines)
        wrong += bool(problems)
        per_way[way] += 1
        tell(kill=number + 1, way=way, seconds=round(time.monotonic() - began, 2), told=len(lines), problems=problems)
    tell(kills=times, ways=dict(per_way), acknowledged=acknowledged, wrong=wrong)
    return wrong


def tell(**fields: Any) -> None:
    """A line of JSON."""
    sys.stdout.write(orjson.dumps(fields).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]).absolute(), int(sys.argv[2]), *map(int, sys.argv[3:]))))
