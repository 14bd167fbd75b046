"""Someone of the shop's staff before the back office: signs in, goes from page to page, reads and types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.browser.shopper import Shopper


class Clerk(Shopper):
    """A page of the back office."""

    @classmethod
    @contextmanager
    def signs_in(cls, chromium: Any, address: str, key: str, path: str = "", **settings: Any) -> Iterator[Clerk]:
        """Opens a page of the back office with a key that is typed in."""
        with cls.comes(chromium, address, f"/office/{path}", **settings) as someone:
            assert isinstance(someone, Clerk)
            someone.types_key(key)
            someone.pages.first.wait_for()
            yield someone

    @property
    def pages(self) -> Any:
        """The links to the pages."""
        return self.page.get_by_role("navigation").get_by_role("link")

    def types_key(self, key: str) -> None:
        """Signs in."""
        self.field("Admin key|管理密钥").fill(key)
        self.page.keyboard.press("Enter")

    def field(self, name: str, **how: Any) -> Any:
        """A box to type in, by its label (an expression)."""
        return self.page.get_by_label(re.compile(name), **how)

    def goes_to(self, name: str) -> None:
        """Follows a link of the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        self.page.get_by_role("heading", level=1, name=name).wait_for()

    def rows(self, table: str) -> Any:
        """The rows of a table, its head left out."""
        return self.page.get_by_role("table", name=table).locator("tbody").get_by_role("row")
