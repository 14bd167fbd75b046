"""The shop window in a browser whose processor is slowed four times: first paint, keys, photos, layout shift, bytes.

    python benchmarks/page.py [--loads 7] [--shop FOLDER | --address URL] [--slow 4] [--short]

The demo shop (indexed once, in runs/bench/page-demo) is served by ``shoplens serve`` and opened in Chromium, each time
by a visitor who was never there. The browser is slowed (CDP Emulation.setCPUThrottlingRate), the service is not;
both share the machine. Times begin with the event of the browser's own input (a key, the drop of a file) and end after
the frame in which the page's hits, or its suggestions, read otherwise than before. The photo is one of a phone: 12
megapixels, some 3 MB. Needs Chromium on the PATH and the development pins.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness import RUNS, machine, save, table
from load import service

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TYPED = ("black leather bag", "red dress", "white sneakers", "wooden chair", "blue mug", "green sofa", "watch")
ENTERED = ("black handbag", "红色连衣裙", "white shoes", "wooden table", "blue cup", "绿色沙发", "silver ring", "lamp")
SCREENS = {"1200 px": {"width": 1200, "height": 800}, "360 px": {"width": 360, "height": 740}}
PHOTO_SIZE = (3000, 4000)

BARS = {
    "first contentful paint": (1200.0, "ms"),
    "key to painted": (250.0, "ms"),
    "Enter to painted results": (250.0, "ms"),
    "photo dropped to painted results": (600.0, "ms"),
    "layout shift": (0.02, ""),
    "scripts, gzipped": (60.0, "KB"),
}

WATCH = """(() => {
    const log = { at: {}, shift: 0, shifts: [], first: 0, largest: 0 };
    for (const kind of ["keydown", "drop"]) {
        addEventListener(kind, (event) => { log.at[kind] = event.timeStamp; }, { capture: true });
    }
    const observe = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    observe("layout-shift", (e) => {
        if (e.hadRecentInput) return;
        log.shift += e.value;
        log.shifts.push([e.value, ...e.sources.map((s) => `${s.previousRect.x},${s.previousRect.y} -> ${s.currentRect.x},${s.currentRect.y} ${s.node?.outerHTML?.slice(0, 60) ?? ""}`)]);
    });
    observe("paint", (e) => { if (e.name === "first-contentful-paint") log.first = e.startTime; });
    observe("largest-contentful-paint", (e) => { log.largest = e.startTime; });
    const texts = (chosen) => [...document.querySelectorAll(chosen)].filter((n) => n.getClientRects().length).map((n) => n.textContent).join("|");
    const parts = { hits: "main h3", options: "[role=listbox] [role=option]" };
    // Milliseconds from the event until after the frame that shows each part changed; null where it did not in time.
    log.watch = (kind, wanted, longest) => {
        log.at[kind] = 0;
        const before = Object.fromEntries(wanted.map((name) => [name, texts(parts[name])]));
        const found = Object.fromEntries(wanted.map((name) => [name, null]));
        const started = performance.now();
        log.seen = new Promise((done) => {
            const look = () => {
                const changed = wanted.filter((name) => found[name] === null && texts(parts[name]) !== before[name]);
                changed.forEach((name) => { found[name] = -1; });
                if (changed.length) setTimeout(() => changed.forEach((name) => { found[name] = performance.now() - log.at[kind]; }));
                const over = performance.now() - started > longest || wanted.every((name) => found[name] > 0);
                if (over) done(found); else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        });
    };
    window.measured = log;
})()"""  # noqa: E501


def phone_photo(folder: Path) -> Path:
    """A photo as a phone takes it, of a thing that the demo shop has."""
    pictures = Path(__file__).resolve().parents[1] / "src" / "shoplens" / "demo" / "shop" / "pictures"
    with Image.open(sorted(pictures.iterdir())[7]) as picture:
        whole = np.asarray(picture.convert("RGB").resize(PHOTO_SIZE), np.int16)
    grain = np.random.default_rng(5).integers(-9, 10, whole.shape, np.int16)  # what a sensor adds, and JPEG keeps
    path = folder / "photo.jpg"
    Image.fromarray(np.clip(whole + grain, 0, 255).astype(np.uint8)).save(path, quality=82)
    return path


def demo_shop() -> Path:
    """The folder of the demo shop; indexed where there is none."""
    from shoplens.config import Config
    from shoplens.demo import index_demo

    folder = RUNS / "page-demo"
    if not (folder / "indexed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        index_demo(Config.load(folder))
        (folder / "indexed").touch()
    return folder


class Visits:
    """Visitors who were never there, in browsers that are slowed.

    Args:
        browser: Chromium.
        address: of the service.
        slow: how many times slower than this machine.
    """

    def __init__(self, browser: Any, address: str, slow: float) -> None:
        self._browser, self._address, self._slow = browser, address, slow
        self.scripts: dict[str, int] = {}
        self.shift: list[float] = []
        self.shifts: list[list[Any]] = []

    @contextmanager
    def one(self, screen: str = "1200 px") -> Iterator[Any]:
        """The page, loaded and at rest; what it shifts and fetches is added up when it is left."""
        context = self._browser.new_context(locale="en-GB", viewport=SCREENS[screen])
        page = context.new_page()
        page.add_init_script(WATCH)
        page.on("response", self._count)
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": self._slow})
        page.goto(self._address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        yield page
        self.shift.append(page.evaluate("measured.shift"))
        self.shifts += page.evaluate("measured.shifts")
        context.close()

    def _count(self, response: Any) -> None:
        """Keeps the size of a script, as gzip makes it."""
        if response.request.resource_type == "script" and response.ok:
            self.scripts[response.url] = len(gzip.compress(response.body(), 9))


def loads(visits: Visits, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the first and the largest paint of first visits on both screens."""
    first, largest = [], []
    for number in range(times):
        with visits.one(list(SCREENS)[number % 2]) as page:
            page.wait_for_timeout(500)
            first.append(page.evaluate("measured.first"))
            largest.append(page.evaluate("measured.largest"))
            page.mouse.wheel(0, 1500)  # what loads further down must not push either
            page.wait_for_timeout(700)
    return first, largest


def seen(page: Any, kind: str, wanted: list[str], act: Any, longest: float = 1500) -> dict[str, float | None]:
    """Milliseconds from what is done until the parts wanted are painted anew."""
    page.evaluate("([kind, wanted, longest]) => measured.watch(kind, wanted, longest)", [kind, wanted, longest])
    act()
    found: dict[str, float | None] = page.evaluate("measured.seen")
    return {name: ms if ms is not None and ms > 0 else None for name, ms in found.items()}


def keys(visits: Visits, words: tuple[str, ...]) -> dict[str, list[float | None]]:
    """Typed key by key, each when what the one before brought has been painted."""
    times: dict[str, list[float | None]] = {"hits": [], "options": []}
    with visits.one() as page:
        box = page.get_by_role("combobox").first
        wanted = ["options", "hits"]
        for text in words:
            box.fill("")
            page.wait_for_timeout(600)
            for letter in text:
                key = "Space" if letter == " " else letter
                found = seen(page, "keydown", wanted, lambda key=key: page.keyboard.press(key))
                for name, ms in found.items():
                    times[name].append(ms)
                page.wait_for_timeout(50)
            if not any(times["hits"]):
                wanted = ["options"]  # a page that searches on Enter
    return times


def entered(visits: Visits, words: tuple[str, ...]) -> list[float | None]:
    """Words that stand in the box, and Enter; none for a page whose results are there already."""
    times: list[float | None] = []
    with visits.one() as page:
        box = page.get_by_role("combobox").first
        for text in words:
            box.fill(text)
            page.wait_for_timeout(800)
            times.append(seen(page, "keydown", ["hits"], lambda: box.press("Enter"))["hits"])
    return times


def dropped(visits: Visits, photo: Path, times: int) -> list[float | None]:
    """A photo dragged over the page and let fall."""
    out = []
    for _ in range(times):
        with visits.one() as page:
            session = page.context.new_cdp_session(page)
            data = {"items": [], "files": [str(photo)], "dragOperationsMask": 1}

            def fall(session: Any = session, data: Any = data) -> None:
                for kind in ("dragEnter", "dragOver", "drop"):
                    session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 400, "data": data})

            out.append(seen(page, "drop", ["hits"], fall, 6000)["hits"])
    return out


def row(name: str, values: list[float | None], bar: str, at: float, digits: int = 0) -> dict[str, Any]:
    """A line of the table: the value that the bar is held against is the quantile ``at``."""
    there = [value for value in values if value is not None]
    limit, unit = BARS[bar]
    if not there:
        return {"what": name, "unit": unit, "bar": limit, "held": "not there", "n": 0}
    figure = float(np.quantile(there, at))
    return {
        "what": name,
        "unit": unit,
        "p50": round(float(np.median(there)), digits),
        "p95": round(float(np.quantile(there, 0.95)), digits),
        "worst": round(max(there), digits),
        "bar": f"{'worst' if at == 1 else f'p{at * 100:.0f}'} <= {limit:g}",
        "held": "ok" if figure <= limit else "MISSED",
        "n": f"{len(there)} of {len(values)}",
    }


def measure(address: str, given: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """All rows of the table."""
    from playwright.sync_api import sync_playwright

    program = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if program is None:
        raise SystemExit("no Chromium on the PATH: install it (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        visits = Visits(browser, address, given.slow)
        words = TYPED[:2] if given.short else TYPED
        with visits.one():  # what only the first one of all waits for
            pass
        first, largest = loads(visits, 2 if given.short else given.loads)
        eager = sum(visits.scripts.values())
        typed = keys(visits, words)
        enter = entered(visits, ENTERED[:3] if given.short else ENTERED)
        photos = dropped(visits, phone_photo(folder), 2 if given.short else given.loads)
        browser.close()
    rows = [
        row("first contentful paint", first, "first contentful paint", 0.5),
        row("key to painted suggestions", typed["options"], "key to painted", 0.95),
    ]
    if any(typed["hits"]):
        rows.append(row("key to painted results", typed["hits"], "key to painted", 0.95))
    if any(enter):
        rows.append(row("Enter to painted results", enter, "Enter to painted results", 0.95))
    rows += [
        row("photo dropped to painted results", photos, "photo dropped to painted results", 0.5),
        row("layout shift of a visit", visits.shift, "layout shift", 1, 4),
        row("scripts of the first page, gzipped", [eager / 1000], "scripts, gzipped", 1, 1),
        row("all scripts that were fetched", [sum(visits.scripts.values()) / 1000], "scripts, gzipped", 1, 1),
        {"what": "largest contentful paint", "unit": "ms", "p50": round(float(np.median(largest))), "n": len(largest)},
    ]
    for value, *nodes in sorted(visits.shifts, reverse=True)[:3]:
        print(f"# shifted by {value:.4f}: {nodes}")
    return rows


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=9, help="first visits, and photos dropped")
    parser.add_argument("--slow", type=float, default=4, help="how many times slower the browser's processor is")
    parser.add_argument("--shop", type=Path, help="another indexed shop")
    parser.add_argument("--address", help="a service that runs already")
    parser.add_argument("--short", action="store_true", help="a few of each, to see that it works")
    given = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    with nullcontext(None) if given.address else service(given.shop or demo_shop(), None, kept=True) as running:
        rows = measure(given.address or f"http://127.0.0.1:{running[0]}", given, RUNS)
    print(machine())
    table(rows)
    save("page", rows)
    sys.exit(1 if any(one.get("held") in ("MISSED", "not there") for one in rows) else 0)


if __name__ == "__main__":
    main()
