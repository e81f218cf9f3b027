"""The page on policies does what it says: its Python run, its tables those of the code."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from smalti.experiments.policies import ESTIMATORS

FILE = Path(__file__).parents[2] / "docs" / "policies.md"
PAGE = FILE.read_text(encoding="utf-8")


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 40) == (0, True)


def test_every_estimator_is_told_in_the_order_of_the_code():
    for table in re.findall(r"(?m)^\| estimator \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE):
        assert tuple(re.findall(r"(?m)^\| `(\w+)` \|", table)) == ESTIMATORS
    assert len(re.findall(r"(?m)^\| estimator \|", PAGE)) == 3


def test_every_chapter_that_is_announced_is_there():
    chapters = {title.lower().replace(",", "").replace(" ", "-") for title in re.findall(r"(?m)^## (.*)$", PAGE)}
    announced = set(re.findall(r"\]\(#([a-z-]+)\)", PAGE))
    assert announced == chapters
