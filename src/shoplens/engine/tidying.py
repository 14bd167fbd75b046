"""Words as they are typed, made fit to be looked for."""

from __future__ import annotations

import unicodedata

from shoplens.core.conditions import refuse_unmeetable
from shoplens.core.notes import Note, note
from shoplens.core.query import MAX_WORDS, Query, reworded
from shoplens.errors import QueryError


def tidy(query: Query) -> tuple[Query, list[Note]]:
    """The query with its words cleaned (NFC, control characters and doubled white space gone) and cut to length.

    Raises:
        QueryError: the words are no text.
        FilterError: the filter has a condition that no value can meet.
    """
    refuse_unmeetable(query.where)
    if not isinstance(query.words, str):
        raise QueryError("the words are no text", where="q", hint="send a string")
    # Cut before it is normalised, which takes the square of the time for a run of combining marks.
    text = unicodedata.normalize("NFC", query.words[: 4 * MAX_WORDS])
    text = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    notes = []
    if len(text) > MAX_WORDS or len(query.words) > 4 * MAX_WORDS:
        text = text[:MAX_WORDS]
        notes.append(note("words_cut", limit=MAX_WORDS))
    if query.diversity and query.sort_by:
        notes.append(note("diversity_sorted"))
    return (reworded(query, text) if text != query.words else query), notes
