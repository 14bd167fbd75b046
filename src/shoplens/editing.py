"""Single products written, changed and removed, beside whole feeds: ``shop.edits``.

What a method returns is committed: it is found at once by picture and filter, and by words within a second.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import orjson

from shoplens.core.catalogue import Product, RowProblem
from shoplens.core.fields import clean
from shoplens.core.ports import StoredProduct, Write
from shoplens.core.wire import product_to_fields
from shoplens.errors import FeedError, NotFoundError, ProductChangedError, QueryError, ShopLensError
from shoplens.feeding import ShopFeeds
from shoplens.feeds.given import GivenRows
from shoplens.feeds.offers import with_offer
from shoplens.stores import SqlStore

BATCH = 256
"""Offers changed in one transaction."""
_TRIES = 20

CREATED, UPDATED, UNCHANGED, DELETED, MISSING, REJECTED = (
    "created", "updated", "unchanged", "deleted", "missing", "rejected",
)  # fmt: skip
STATUSES = (CREATED, UPDATED, UNCHANGED, DELETED, MISSING, REJECTED)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row. ``row`` counts from 1; ``id``: of its product, "" where it names none.

    ``problems``: what of it could not be used; a row that was ``rejected`` changed nothing. ``warnings``: what was
    used, and was perhaps not meant so.
    """

    row: int
    id: str
    status: str
    problems: tuple[RowProblem, ...] = ()
    warnings: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class EditReport:
    """What became of each row, in order. ``seq``: the shop's last change when all was committed."""

    results: tuple[RowResult, ...]
    seq: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows had which outcome; only those that happened."""
        return Counter(result.status for result in self.results)


@dataclass(slots=True)
class _Told:
    rows: dict[int, list[RowProblem]] = field(default_factory=dict)
    products: dict[str, list[RowProblem]] = field(default_factory=dict)

    def __call__(self, problem: RowProblem) -> None:
        if problem.line:
            self.rows.setdefault(problem.line, []).append(problem)
        else:
            self.products.setdefault(problem.product_id, []).append(problem)


class _Patch:
    """A change of an offer that waits for its turn, and what became of it."""

    def __init__(self, product_id: str, offer: Mapping[str, Any], match: str | None, unless: str | None) -> None:
        self.product_id, self.offer, self.match, self.unless = product_id, offer, match, unless
        self.stored: StoredProduct | None = None
        self.error: BaseException | None = None
        self.done = False

    def apply(self, now: dict[str, StoredProduct]) -> None:
        """Puts the changed product in its place. Raises as ``ShopEdits.patch``."""
        found = now.get(self.product_id)
        if found is None:
            raise _no_product(self.product_id) if self.match is None else _gone(self.product_id)
        _conditions(found, self.match, self.unless)
        product = with_offer(found.product, self.offer)
        if product != found.product:
            now[self.product_id] = replace(found, product=product)


class ShopEdits:
    """Products of one shop, one by one. Safe to use from several threads and processes.

    Args:
        feeds: what indexes, with the encoder that serves now.
    """

    def __init__(self, feeds: Callable[[], ShopFeeds], store: SqlStore) -> None:
        self._feeds, self._store = feeds, store
        self._gathering, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[_Patch] = []

    def upsert(
        self, rows: Sequence[Any], *, currency: str = "", expected: Mapping[str, int | None] | None = None
    ) -> EditReport:
        """Writes products, as rows of a feed have them; one that is there is replaced by what the rows say.

        Rows of one ``item_group_id`` make one product: all of them belong into the same call. Pictures are read,
        encoded and stored before this returns. A bad row stops none of the others.

        Args:
            rows: JSON objects with the names that feeds use; pictures by address, or by path as in the last feed.
            currency: of prices that name none; the setting ``currency`` if not given.
            expected: product id -> the ``seq`` at which it was read, None for one that is not there.

        Raises:
            ProductChangedError: a product is not as expected; it was not written.
            FeedError: ``currency`` is none.
            StoreError: the store refuses; of many rows the first may be written.
        """
        feeds = self._feeds()
        given = GivenRows(rows, currency or feeds.currency)
        ids = given.ids()
        before = self._store.digests(ids)
        told = _Told()
        report = feeds.take(given, told, expected)
        after = self._store.digests(ids)
        results = []
        warnings = given.warnings()
        of_product: dict[str, list[RowProblem]] = told.products
        for row, product_id in enumerate(ids, 1):
            problems = (*told.rows.get(row, ()), *of_product.pop(product_id, ()))
            old, new = before.get(product_id), after.get(product_id)
            if new is None or any(problem.skipped for problem in problems):
                status = REJECTED
            else:
                status = CREATED if old is None else UNCHANGED if old == new else UPDATED
            doubts = () if status == REJECTED else tuple(warnings.get(row, ()))
            results.append(RowResult(row, product_id, status, problems, doubts))
        return EditReport(tuple(results), report.seq)

    def put(
        self, product_id: str, fields: Mapping[str, Any], *, match: str | None = None, unless: str | None = None
    ) -> tuple[StoredProduct, str]:
        """Writes one product under its id; see ``upsert``. Returns it, and whether it was created, updated or neither.

        Args:
            match: the tags (see ``tag_of``) one of which it must have, apart by commas; "*": it must be there.
            unless: the tags none of which it may have; "*": it must not be there.

        Raises:
            ProductChangedError: it is another one by now.
            FeedError: it cannot be used; the message says why.
        """
        expected: dict[str, int | None] | None = None
        if match is not None or unless is not None:
            found = self._matching(product_id, match, unless)
            expected = {product_id: None if found is None else found.seq}
        if fields.get("item_group_id", product_id) != product_id or str(fields.get("id", product_id)) != product_id:
            raise FeedError("the id is not that of the address", where="id", hint="leave it out of the body")
        row = {**fields, "id": product_id}
        if GivenRows([row]).ids() != [product_id] or "\ufffd" in product_id:  # it would be another product's
            raise FeedError("an id is not kept as the address says it", where="id", hint="no spaces around it, UTF-8")
        (result,) = self.upsert([row], expected=expected).results
        if result.status == REJECTED:
            first = next((p for p in result.problems if p.skipped), None)
            reason = first.reason if first else "it cannot be used"
            raise FeedError(reason, where=first.field if first else product_id, hint="send it as feeds have it")
        return self.get(product_id), result.status

    def patch(
        self, product_id: str, offer: Mapping[str, Any], *, match: str | None = None, unless: str | None = None
    ) -> StoredProduct:
        """Changes what a product is offered for: price, stock, link, of all variants or of some; no vector is touched.

        Args:
            offer: ``price``, ``sale_price``, ``list_price``, ``currency``, ``in_stock`` (``availability``),
                ``quantity``, ``link``; ``variants`` with an ``id`` and these for some variants only. None takes away.
            match, unless: as in ``put``.

        Threads that call at once share a transaction: whoever gets its turn takes along what waits by then.

        Raises:
            NotFoundError: there is no such product.
            QueryError: another field, or a value that cannot be read.
            ProductChangedError: it is another one than ``match`` says.
        """
        call = _Patch(product_id, offer, match, unless)
        with self._gathering:
            self._waiting.append(call)
        while not call.done:
            with self._turn:
                if call.done:
                    break
                with self._gathering:
                    together, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                try:
                    self._patch_together(together)
                except BaseException as error:  # the store refuses: none of them was written
                    for one in together:
                        one.error = one.error or error
                finally:
                    for one in together:
                        one.done = True
        if call.error is not None or call.stored is None:
            raise call.error or _contended(product_id)
        return call.stored

    def patch_many(self, rows: Sequence[Any]) -> EditReport:
        """Changes the offers of many products, each row as in ``patch`` with the product's ``id``; a bad row stops none
        of the others. Of rows of one product each counts, in order.

        Raises:
            StoreError: the store refuses; of many rows the first may be written.
        """
        results: list[RowResult] = []
        seq = 0
        for start in range(0, len(rows), BATCH):
            done, seq = self._patch_some(start, rows[start : start + BATCH])
            results += done
        return EditReport(tuple(results), seq)

    def delete(self, product_id: str, *, match: str | None = None, unless: str | None = None) -> int:
        """Removes a product; returns the sequence number. Raises NotFoundError, ProductChangedError."""
        found = self._matching(product_id, match, unless)
        if found is None:
            raise _no_product(product_id)
        expected = {} if match is None and unless is None else {product_id: found.seq}
        return self._store.write(Write(delete=[product_id]), expected)

    def delete_many(self, product_ids: Sequence[str]) -> EditReport:
        """Removes products, all in one transaction; those that are not there are told as ``missing``."""
        there = self._store.numbers_of(product_ids)
        seq = self._store.write(Write(delete=[i for i in product_ids if i in there]))
        results = (RowResult(n, i, DELETED if i in there else MISSING) for n, i in enumerate(product_ids, 1))
        return EditReport(tuple(results), seq)

    def get(self, product_id: str) -> StoredProduct:
        """A product as it is stored. Raises NotFoundError."""
        number = self._store.numbers_of([product_id]).get(product_id)
        found = self._store.get([number])[0] if number is not None else None
        if found is None:
            raise _no_product(product_id)
        return found

    def page(self, after: int, limit: int) -> tuple[list[StoredProduct], int]:
        """Products in the order in which they came into the shop: those behind number ``after``, and the number to go
        on from (0: there are no more)."""
        chunks = self._store.scan(after, limit + 1)
        found = next(chunks, [])
        chunks.close()  # type: ignore[attr-defined]
        return found[:limit], found[limit - 1].number if len(found) > limit else 0

    # --- parts ----------------------------------------------------------------------------------

    def _matching(self, product_id: str, match: str | None, unless: str | None) -> StoredProduct | None:
        """The product as it is, None where there is none. Raises ProductChangedError where it is not as is asked."""
        number = self._store.numbers_of([product_id]).get(product_id)
        found = self._store.get([number])[0] if number is not None else None
        if found is not None:
            _conditions(found, match, unless)
        elif match is not None:
            raise _gone(product_id)
        return found

    def _patch_together(self, calls: Sequence[_Patch]) -> None:
        for _ in range(_TRIES):
            numbers = self._store.numbers_of([call.product_id for call in calls])
            before = {s.product.id: s for s in self._store.get(list(dict.fromkeys(numbers.values()))) if s}
            now = dict(before)
            for call in calls:
                call.error = None
                try:
                    call.apply(now)
                except ShopLensError as error:
                    call.error = error
            put = [stored.product for i, stored in now.items() if stored is not before[i]]
            try:
                if put:
                    self._store.write(Write(put=put), {product.id: before[product.id].seq for product in put})
            except ProductChangedError:
                continue  # another process was first
            for call, stored in zip(calls, self._store.get([numbers.get(c.product_id, 0) for c in calls]), strict=True):
                call.stored = stored
            return
        raise _contended(f"{len(calls)} products")

    def _patch_some(self, start: int, rows: Sequence[Any]) -> tuple[list[RowResult], int]:
        for _ in range(_TRIES):
            ids = [row.get("id") if isinstance(row, Mapping) else None for row in rows]
            numbers = self._store.numbers_of([i for i in ids if isinstance(i, str)])
            stored = {s.product.id: s for s in self._store.get(list(dict.fromkeys(numbers.values()))) if s}
            changed: dict[str, Product] = {}
            results = []
            for n, (row, product_id) in enumerate(zip(rows, ids, strict=True), start + 1):
                results.append(_patched(n, row, product_id, stored, changed))
            put = [product for i, product in changed.items() if product != stored[i].product]
            try:
                return results, self._store.write(Write(put=put), {p.id: stored[p.id].seq for p in put})
            except ProductChangedError:
                continue
        raise _contended(f"{len(rows)} products")


def _patched(
    n: int, row: Any, product_id: Any, stored: Mapping[str, StoredProduct], changed: dict[str, Product]
) -> RowResult:
    if not isinstance(product_id, str) or not product_id:
        return RowResult(n, "", REJECTED, (RowProblem(n, "id", "there is no id", str(row)[:120]),))
    found = stored.get(product_id)
    if found is None:
        return RowResult(n, product_id, MISSING)
    before = changed.get(product_id, found.product)
    try:
        changed[product_id] = after = with_offer(before, row)
    except QueryError as error:
        return RowResult(n, product_id, REJECTED, (RowProblem(n, error.where or "", error.message, "", product_id),))
    return RowResult(n, product_id, UNCHANGED if after == before else UPDATED)


def stored_to_fields(stored: StoredProduct) -> dict[str, Any]:
    """A stored product as JSON data, with the hashes of its pictures, and which is the one at a location."""
    hashes = {clean(location): of for location, of in stored.pictures.items()}
    return product_to_fields(stored.product) | {
        "pictures": list(dict.fromkeys(hashes.values())),
        "picture_of": hashes,
    }


def tag_of(stored: StoredProduct) -> str:
    """The entity tag (RFC 9110) of a product: the same as long as what is told of it is the same."""
    return tag_of_bytes(orjson.dumps(stored_to_fields(stored)))


def tag_of_bytes(body: bytes) -> str:
    """The entity tag of an answer."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def matches(asked: str, tag: str) -> bool:
    """Whether a tag is among those of If-Match or If-None-Match. A weak one counts: who compresses an answer on its way
    makes it weak, and its content is the same."""
    tags = [one.strip().removeprefix("W/") for one in asked.split(",")]
    return tags == ["*"] or tag in tags


def _conditions(found: StoredProduct, match: str | None, unless: str | None) -> None:
    if match is not None and not matches(match, tag_of(found)):
        raise ProductChangedError(
            f"the product {found.product.id!r} has been changed meanwhile", hint="read it again, then change that"
        )
    if unless is not None and matches(unless, tag_of(found)):
        raise ProductChangedError(
            f"the product {found.product.id!r} is there" + (" already" if unless == "*" else ", and the one named"),
            hint="leave If-None-Match out to replace it",
        )


def _no_product(product_id: str) -> NotFoundError:
    return NotFoundError(f"no product {product_id!r} in this shop", hint="search for it to learn its id")


def _gone(product_id: str) -> ProductChangedError:
    said = f"the product {product_id!r} is not there"
    return ProductChangedError(said, hint="it may have been removed; read it again")


def _contended(what: str) -> ProductChangedError:
    return ProductChangedError(f"{what} cannot be changed: others change it all the time", hint="try again in a second")
