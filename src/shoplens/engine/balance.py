"""How much each source of candidates has to say."""

from __future__ import annotations

from dataclasses import dataclass

from shoplens.core.query import Query


@dataclass(frozen=True, slots=True)
class Balance:
    """How sources weigh against each other; chosen on dev data (docs/adr/0007-fusion.md).

    ``depth``: candidates taken from each source. ``words``: most that words as written add, in log odds.
    ``semantic_ratio``: default of the query's. ``text``, ``picture``: say of the two vector sources of words;
    ``restraint``: share of ``text`` that is lost where the words as written are sure. Beside words that do not
    edit it a photo counts ``beside`` times, and the words' share of the best BM25 is raised to ``level``, not squared;
    ``learned``: how far what is learned of a query counts instead of ``beside``, 0 to 1, where it does not say itself.
    ``edited``: say of the words beside a photo that they have edited ("in red"); ``as_is``: of the photo before that;
    ``told``: of what heads tell of pictures then, for each e-fold; ``same``: ``as_is`` where they tell;
    ``linked``: the same for a product of which another picture is like the photo (docs/adr/0017-reasons-and-edits.md).
    """

    depth: int = 120
    words: float = 12.0
    semantic_ratio: float = 0.5
    text: float = 0.5
    picture: float = 1.0
    photo: float = 1.0
    edited: float = 0.1
    as_is: float = 0.3
    told: float = 0.8
    same: float = 4.0
    restraint: float = 1.0
    beside: float = 2.0
    learned: float = 1.0
    level: float = 0.5
    linked: float = 18.0

    def ratio(self, query: Query) -> float:
        """Share of the vectors against the words as written, 0 to 1, of this query."""
        return self.semantic_ratio if query.semantic_ratio is None else query.semantic_ratio
