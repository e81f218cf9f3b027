"""The page on timing does what it says: its Python runs, its definitions are right, its table is what comes out."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from planted_hours import moments_of, reached, world

from smalti.strategy.limits import LimitsDefinition
from smalti.strategy.timing import Clocks, best_hours, local_hours

FILE = Path(__file__).parents[2] / "docs" / "timing.md"
PAGE = FILE.read_text(encoding="utf-8")


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 20) == (0, True)


def test_the_definitions_of_the_page_are_right():
    [block] = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)
    limits = LimitsDefinition.model_validate(yaml.safe_load(block)["limits"])
    assert limits.quiet[0].zone == "time_zone"
    assert limits.quiet[1].days == ("sunday",)


ROWS = re.findall(r"(?m)^\| (\d+) \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \|$", PAGE)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_table_of_hours_is_what_comes_out(row):
    rng = np.random.default_rng(5)
    groups, shares = world(rng)
    count = len(groups)
    moments = moments_of(shares, rng.poisson(int(row[0]), count), rng)
    clocks = Clocks.of(None, "UTC", count)
    hours = local_hours(moments.at, clocks.take(moments.rows))
    own = np.bincount(moments.rows * 24 + hours, minlength=count * 24).reshape(-1, 24)
    segments = np.bincount(groups[moments.rows] * 24 + hours, minlength=72).reshape(3, 24).argmax(axis=1)
    alike = own.sum(axis=0).argmax()
    found = [
        np.full(count, alike),
        segments[groups],
        np.where(own.any(axis=1), own.argmax(axis=1), alike),
        best_hours(moments, clocks, ("email",), groups, 3)["email"],
        shares.argmax(axis=1),
    ]
    assert [100 * reached(shares, one) for one in found] == pytest.approx([float(told) for told in row[1:]], abs=0.06)


def test_the_table_has_its_rows_and_the_chapters_their_text():
    assert [row[0] for row in ROWS] == ["1", "2", "5", "30"]
    chapters = {title.lower().replace(" ", "-") for title in re.findall(r"(?m)^## (.*)$", PAGE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", PAGE)) == chapters
