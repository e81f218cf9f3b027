"""The page on experiments does what it says: its Python run, its words those of the code."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import get_args

from smalti.experiments.readout.sample_ratio import ALARM
from smalti.experiments.readout.values import LEAST_CUSTOMERS, LEAST_EVENTS
from smalti.experiments.readout.verdict import Answer

FILE = Path(__file__).parents[2] / "docs" / "experiments.md"
PAGE = FILE.read_text(encoding="utf-8")


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 30) == (0, True)


def test_every_answer_is_told():
    table = PAGE.partition("| answer | when |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"(?m)^\| ([a-z ]+) \|", table)) == get_args(Answer)


def test_the_borders_that_the_page_names_are_those_of_the_code():
    assert f"a chance of 1 in {1 / ALARM:,.0f}" in PAGE
    assert f"fewer than {LEAST_EVENTS} customers" in PAGE
    assert LEAST_CUSTOMERS == 2
    assert "an arm has fewer than two customers" in PAGE.replace("\n", " ")


def test_every_place_the_page_points_to_is_there():
    headings = {re.sub(r"[^a-z -]", "", one.lower()).replace(" ", "-") for one in re.findall(r"(?m)^##+ (.*)$", PAGE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", PAGE)) <= headings
