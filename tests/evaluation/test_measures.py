"""Measures against their formulas, written out, and against ir-measures called plainly."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplens.errors import EvaluationError, MissingExtraError
from shoplens.evaluation import MEASURES, Run, measure_run
from tests.evaluation.helpers import dcg

ir_measures = pytest.importorskip("ir_measures", reason="needs the extra evaluation")


def run_of(rankings: dict[str, list[str]]) -> Run:
    return Run({q: [(i, 1.0 / n) for n, i in enumerate(ids, 1)] for q, ids in rankings.items()})


def measured(grades: dict[str, int], ids: list[str]) -> dict[str, float]:
    values = measure_run({"q": grades}, run_of({"q": ids}), ["q"])
    return dict(zip(MEASURES, map(float, values[0]), strict=True))


def test_one_query_by_hand() -> None:
    grades = {"a": 3, "b": 1, "c": 0, "d": 2}
    found = measured(grades, ["x", "a", "c", "b"])
    ideal = dcg([3, 2, 1])
    assert found == pytest.approx(
        {
            "nDCG@10": dcg([0, 3, 0, 1]) / ideal,
            "AP": (1 / 2 + 2 / 4) / 3,
            "P@1": 0.0,
            "P@10": 2 / 10,
            "R@10": 2 / 3,
            "R@100": 2 / 3,
            "RR": 1 / 2,
            "Judged@10": 3 / 4,
            "condensed nDCG@10": dcg([3, 0, 1]) / ideal,
        }
    )


def test_a_perfect_answer_is_one_and_an_empty_one_is_zero() -> None:
    grades = {f"p{n}": 1 for n in range(10)}
    assert set(measured(grades, sorted(grades)).values()) == {1.0}
    assert set(measured(grades, []).values()) == {0.0}


def test_depths_count() -> None:
    grades = {"a": 1}
    at_11 = measured(grades, [f"x{n}" for n in range(10)] + ["a"])
    assert (at_11["nDCG@10"], at_11["R@10"], at_11["R@100"], at_11["RR"]) == (0.0, 0.0, 1.0, pytest.approx(1 / 11))
    assert at_11["condensed nDCG@10"] == 1.0  # ten unjudged products before it do not count


def test_equal_scores_do_not_change_the_order() -> None:
    run = Run({"q": [("b", 1.0), ("a", 1.0), ("c", 1.0)]})
    values = dict(zip(MEASURES, measure_run({"q": {"b": 1}}, run, ["q"])[0], strict=True))
    assert values["P@1"] == 1.0


def test_queries_keep_their_rows() -> None:
    judgements = {"1": {"a": 1}, "2": {"b": 1}, "3": {"c": 1}}
    values = measure_run(judgements, run_of({"3": ["c"], "1": ["x", "a"]}), ["3", "2", "1"])
    assert values[:, MEASURES.index("RR")].tolist() == [1.0, 0.0, 0.5]


def test_a_query_without_judgements_cannot_be_measured() -> None:
    with pytest.raises(EvaluationError):
        measure_run({"1": {"a": 1}}, Run({}), ["2"])


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(MissingExtraError) as caught:
        measure_run({}, Run({}), [])
    assert "pip install 'shoplens[evaluation]'" in str(caught.value)


IDS = [f"p{n}" for n in range(15)]


@given(
    st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1),
    st.permutations(IDS).flatmap(lambda ids: st.integers(1, len(ids)).map(lambda n: ids[:n])),
)
def test_agrees_with_formulas_and_with_ir_measures(grades: dict[str, int], ids: list[str]) -> None:
    found = measured(grades, ids)
    relevant = {i for i, grade in grades.items() if grade > 0}
    gains = [grades.get(i, 0) for i in ids]
    ideal = dcg(sorted(grades.values(), reverse=True)[:10])
    at = [n for n, i in enumerate(ids, 1) if i in relevant]
    condensed = [grades[i] for i in ids if i in grades]
    expected = {
        "nDCG@10": dcg(gains[:10]) / ideal if ideal else 0.0,
        "AP": sum(k / n for k, n in enumerate(at, 1)) / len(relevant) if relevant else 0.0,
        "P@1": float(ids[0] in relevant),
        "P@10": sum(n <= 10 for n in at) / 10,
        "R@10": sum(n <= 10 for n in at) / len(relevant) if relevant else 0.0,
        "R@100": len(at) / len(relevant) if relevant else 0.0,
        "RR": 1 / at[0] if at else 0.0,
        "Judged@10": sum(i in grades for i in ids[:10]) / min(10, len(ids)),
        "condensed nDCG@10": dcg(condensed[:10]) / ideal if ideal else 0.0,
    }
    assert found == pytest.approx(expected)
    plain = [ir_measures.parse_measure(m) for m in MEASURES if " " not in m]
    scores = {i: float(-n) for n, i in enumerate(ids)}
    theirs = {str(m): v for m, v in ir_measures.calc_aggregate(plain, {"q": grades}, {"q": scores}).items()}
    assert {name: found[name] for name in theirs} == pytest.approx(theirs)


def test_values_have_one_row_a_query_and_one_column_a_measure() -> None:
    values = measure_run({"1": {"a": 1}}, Run({}), ["1"])
    assert (values.shape, values.dtype) == ((1, len(MEASURES)), np.dtype("float64"))
