"""ArrayColumns against the conformance suite."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.suites import filter_columns as suite

from shoplens.core.catalogue import RESERVED_FIELDS
from shoplens.core.where import Where, fields_of
from shoplens.indexes import columns as module
from shoplens.indexes.columns import ArrayColumns


@settings(max_examples=150, deadline=None)
@given(suite.batches(), st.lists(suite.WHERES, min_size=1, max_size=3), suite.SORTS, st.booleans())
def test_answers_as_the_reference(batches, wheres, keys, compact) -> None:  # type: ignore[no-untyped-def]
    module._COMPACT_FROM = 2 if compact else 10_000
    columns, naive = ArrayColumns(), suite.Naive()
    for seq, batch in enumerate(batches, 1):
        columns.replace(batch, seq)
        naive.replace(batch)
        known = {*RESERVED_FIELDS, *columns.fields()}
        asked: list[Where | None] = [w for w in wheres if set(fields_of(w)) <= known]
        suite.check(columns, naive, [None, *asked], [key for key in keys if key.field in known])
    assert columns.seq == len(batches)
