"""What a shopper sees and does, in the shopper's words: roles, labels and texts, no ids of the page's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCREENSHOTS = Path(__file__).resolve().parents[2] / "runs" / "screenshots"
"""What the tests saw, to be looked at; not committed."""


class Shopper:
    """A page and what went wrong on it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        self.test = re.sub(r"\W+", "-", os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0].rpartition("::")[2])
        page.on("console", lambda m: self.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.set_default_timeout(20_000)

    @classmethod
    @contextmanager
    def comes(cls, chromium: Any, address: str, path: str = "/", **settings: Any) -> Iterator[Shopper]:
        """Opens the page in a profile of its own."""
        settings = {"locale": "en-GB", "viewport": {"width": 1200, "height": 800}} | settings
        context = chromium.new_context(**settings)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        someone = cls(context.new_page(), address)
        someone.page.goto(address + path)
        try:
            yield someone
        except BaseException:
            someone.pictured(f"failed-{someone.test}")
            raise
        finally:
            context.close()

    @property
    def box(self) -> Any:
        """Where the words go."""
        return self.page.get_by_role("combobox", name=re.compile("looking for|想找"))

    @property
    def status(self) -> Any:
        """The line that says what was found."""
        return self.page.get_by_role("status")

    @property
    def names(self) -> Any:
        """The names of the products shown, in order."""
        return self.page.get_by_role("region").get_by_role("heading", level=3)

    def button(self, name: Any, **how: Any) -> Any:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, **how)

    def choice(self, name: Any, **how: Any) -> Any:
        """A filter by its name and count."""
        return self.page.get_by_role("checkbox", name=name, **how)

    def searches(self, words: str) -> None:
        """Types words and presses Enter."""
        self.box.fill(words)
        self.box.press("Enter")

    def drops(self, *files: Path) -> None:
        """Drags files from the desktop over the page and lets them fall, through the browser's own input."""
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 400, "data": data})
        session.detach()

    def chooses(self, *files: Path, button: str = "Search with a photo") -> None:
        """Takes files through the file chooser."""
        with self.page.expect_file_chooser() as chooser:
            self.button(button, exact=True).click()
        chooser.value.set_files([str(file) for file in files])

    def pictured(self, name: str, **how: Any) -> None:
        """Keeps a screenshot."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", **how)

    def overflow(self) -> int:
        """How many pixels of the page lie right of the screen."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def saw_no_faults(self) -> None:
        """No message of an error, of a refused script or style, no dialog."""
        assert not self.faults, self.faults
