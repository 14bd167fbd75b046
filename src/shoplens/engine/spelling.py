"""Did you mean: another spelling of the words that the shop has things for, where those that were typed find none, find
them only by a letter wrong, or find next to nothing beside a likelier one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from shoplens.core.answer import Answer
from shoplens.core.suggestion import Suggestion, slips
from shoplens.engine.suggestion_table import SuggestionTable

LIKELIER, FAR_LIKELIER = 20, 100
"""So many times as many products has a spelling that is proposed though the typed one finds something, too: in prose;
in names."""
LONG = 6
"""Letters of a word of names that may be a slip all the same."""
FEW = 2
"""Products of the most that a word has which may be a slip of a likelier one."""
MIN_WORD, MAX_WORD = 4, 24
MAX_WORDS, MAX_RUNS = 8, 16
"""Words of Latin letters, and runs of Chinese and words beside them, up to which a text is looked at."""
MOST_LETTERS = 48
"""Letters of all words of a text together in which one may be wrong: each stands for some fifty words to look up."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[A-Za-z]+")
_RUN = re.compile(r"[\u4e00-\u9fff]+")
_MOST_RUN = 16
_STARTS = 500
"""Words that start alike of which one may be two letters away."""


class Speller:
    """Finds other spellings in a table of suggestions.

    Args:
        table: what the shop has.
        matched: how many products have some words, or a word a letter away; and which of the words none has.
        stems: the tokens of a word: two with the same are forms of one.
        known: words that are spelt rightly, in lower case, though the shop may lack them.
        sounds: how a text may be typed in pinyin.
        mentioned: whether a run of Chinese is a name, or stands in a product as it is.
    """

    def __init__(
        self,
        table: SuggestionTable,
        matched: Callable[[str], tuple[int, Collection[str]]],
        stems: Callable[[str], Iterable[str]],
        known: Collection[str],
        sounds: Callable[[str], Sequence[str]],
        mentioned: Callable[[str], bool],
    ) -> None:
        self._table, self._matched, self._stems, self._known = table, matched, stems, known
        self._sounds, self._mentioned = sounds, mentioned

    def meant(self, words: str, answer: Answer) -> str:
        """The words as they were probably meant; "" where there is nothing to propose."""
        text = words.strip()
        if not text or not len(self._table):
            return ""
        well = bool(answer.found) and answer.verdict == "match"
        out = text
        if _RUN.search(text):
            if len(_RUN.findall(text)) + len(_WORD.findall(text)) > MAX_RUNS:
                return ""
            out = _RUN.sub(lambda run: self._heard(run[0]), text)
            out = _WORD.sub(lambda word: self._sounded(word[0]), out)
        elif _WORD.search(text):
            out = self._latin(text, well)
        return out if out.casefold() != text.casefold() else ""

    # --- words of Latin letters ---------------------------------------------------------------

    def _latin(self, text: str, well: bool) -> str:
        found = list(_WORD.finditer(text))
        if len(found) > MAX_WORDS:
            return text
        if not well and (chinese := self._typed_as_pinyin(text)):
            return chinese
        out, end, letters = [], 0, MOST_LETTERS
        for match in found:
            others = [other[0] for other in found if other is not match]
            word = match[0]
            if len(word) <= letters and self._doubtful(word):
                letters -= len(word)
                word = self._respelt(word, others)
            out += [text[end : match.start()], word]
            end = match.end()
        return "".join([*out, text[end:]])

    def _doubtful(self, word: str) -> bool:
        """Whether a word may be a slip: few or none of the shop's things are called so."""
        low = word.lower()
        if not MIN_WORD <= len(low) <= MAX_WORD or low in self._known:
            return False
        named = self._table.count(low)
        return named <= FEW and (not named or len(low) >= LONG)

    def _respelt(self, word: str, others: Sequence[str]) -> str:
        """A doubtful word, or the one that was probably meant by it: of several the one that most products have
        together with the other words, then the one that most products have."""
        low = word.lower()
        named = self._table.count(low)
        matched, guessed = self._matched(low)
        none = bool(guessed) or not matched
        if not none and matched > FEW:
            return word
        own = set(self._stems(low))
        beside = self._table.beside(others)
        near = [
            (beside(other), count, other)
            for other in dict.fromkeys(slips(low, _LETTERS))
            if len(other) >= MIN_WORD - 1 and (count := self._table.count(other)) and not own & set(self._stems(other))
        ]
        _, most, best = max(near, default=(0, 0, ""))
        if none:
            return best or self._two_away(low) or word
        return best if most >= (FAR_LIKELIER if named else LIKELIER) * matched else word

    def _two_away(self, word: str) -> str:
        """Of a long word that nothing is near to: the most popular one two letters away that starts as it does."""
        if len(word) < LONG + 1:
            return ""
        keys = {one.key for start in (word[:2], word[1::-1]) for one in self._table.written.best(start, _STARTS)}
        near = [key for key in keys if " " not in key and two_letters_away(word, key)]
        return max(near, key=lambda one: (self._table.count(one), one), default="")

    # --- Chinese ------------------------------------------------------------------------------

    def _typed_as_pinyin(self, text: str) -> str:
        """What is typed in pinyin as Chinese; "" where any of it is a word of the shop, or no name sounds so."""
        if not re.fullmatch(r"[A-Za-z' ]{3,40}", text):
            return ""
        if any(self._table.count(word[0].lower()) for word in _WORD.finditer(text)):
            return ""
        return "".join(self._names(self._sounds(text)[0]) or ())

    def _sounded(self, word: str) -> str:
        """A word beside Chinese that no product has, as the Chinese whose pinyin it is; else as it is."""
        if not MIN_WORD <= len(word) <= MAX_WORD or self._table.count(word) or self._matched(word)[0]:
            return word
        return "".join(self._names(self._sounds(word)[0]) or (word,))

    def _heard(self, run: str) -> str:
        """A run of Chinese with what is no name in it put as the name that sounds so; as it is where none does."""
        if len(run) > _MOST_RUN or self._table.count(run) or self._mentioned(run):
            return run
        for sound in self._sounds(run):
            if names := self._names(sound):
                meant = "".join(names)
                # As many characters, some of them the same: else another thing sounds a little alike.
                if len(meant) == len(run) and (len(run) == 2 or any(a == b for a, b in zip(run, meant, strict=True))):
                    return meant
        return run

    def _names(self, sound: str) -> list[str] | None:
        """The fewest names of the shop that, one after another, sound so; of as many the most popular."""
        best: list[tuple[float, list[str]] | None] = [(0.0, []), *([None] * len(sound))]
        for start in range(len(sound)):
            before = best[start]
            if before is None:
                continue
            for end in range(start + 2, min(len(sound), start + 36) + 1):
                if not self._table.sounding.starts(sound[start:end]):
                    break
                name = next(iter(self._named(sound[start:end])), None)
                if name is not None:
                    cost = before[0] + 1.0 - min(name.count, 10_000) * 1e-5
                    now = best[end]
                    if now is None or cost < now[0]:
                        best[end] = (cost, [*before[1], name.text])
        last = best[len(sound)]
        return last[1] if last and last[1] else None

    def _named(self, sound: str) -> list[Suggestion]:
        return [one for one in self._table.sounding_like(sound) if len(one.text) > 1 and one.kind != "product"]


def two_letters_away(first: str, second: str) -> bool:
    """Whether two slips at most lie between two words (optimal string alignment; Damerau 1964)."""
    if abs(len(first) - len(second)) > 2 or len(set(first) ^ set(second)) > 4:
        return False
    before: list[int] = []
    above = list(range(len(second) + 1))
    for row, a in enumerate(first, 1):
        now = [row]
        for column, b in enumerate(second, 1):
            cost = min(above[column] + 1, now[-1] + 1, above[column - 1] + (a != b))
            if row > 1 and column > 1 and a == second[column - 2] and first[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > 2:
            return False
        before, above = above, now
    return above[-1] <= 2


__all__ = ["Speller", "two_letters_away"]
