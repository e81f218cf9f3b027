"""The page on permits does what it says, and names the bars that there are."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from smalti.strategy.permits import BARS

FILE = Path(__file__).parents[2] / "docs" / "permits.md"


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 20) == (0, True)


def test_the_bars_of_the_page_are_those_of_the_code():
    assert re.findall(r"(?m)^\| `([a-z ]+)` \| (.+) \|$", FILE.read_text(encoding="utf-8")) == list(BARS)
