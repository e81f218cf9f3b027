"""The tables of docs/effects.md say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from smalti.experiments import Logged, judge_ranking

PAGE = (Path(__file__).parents[2] / "docs" / "effects.md").read_text()
SCORE = np.array([4.0, 3, 2, 1, 0, -1, -2, -3])
ARM = np.array([1, 0] * 4)


def row(begin):
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {begin} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return np.array([float(one) for one in re.findall(r"\d+", cells[1])[:8]]), float(cells[2])


@pytest.mark.parametrize(
    ("begin", "score", "arm"),
    [
        ("a good order", SCORE, ARM),
        ("the same, all scores equal", SCORE * 0, ARM),
        ("the same, all scores equal, the last row first", SCORE * 0, 1 - ARM),
        ("no effect on average", SCORE, ARM),
        ("money", SCORE, ARM),
    ],
)
def test_our_coefficients_are_as_the_page_says(begin, score, arm):
    outcome, said = row(begin)
    told = judge_ranking(Logged(("none", "mail"), arm, np.full(8, 0.5), outcome), score, "mail", "none")
    assert told.coefficient.value == pytest.approx(said, abs=5e-5)


def test_the_table_with_its_last_row_first_is_the_same_table():
    (one, _), (other, _) = (row(f"the same, all scores equal{more}") for more in ("", ", the last row first"))
    assert one[::-1].tolist() == other.tolist()
