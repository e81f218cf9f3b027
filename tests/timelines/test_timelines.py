"""Every story in this folder, through every reading of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalti.engine.parity import run_readings, run_timeline
from smalti.engine.readings import ByMeaning, ByQuery, ByStep
from smalti.project import load_timeline, timeline_files
from smalti.store import Store

FILES = timeline_files([Path(__file__).parent])
CALENDAR = ("birthday_within_a_week",)
"""Stories whose queries hold a time zone's table often, which takes the compiler seconds each."""
NOT_LIVE = {"ordered_a_while_ago": "the step wakes every second while both bounds of a window move with the clock"}
"""Stories that the live reading cannot tell in good time yet, each with why."""


@pytest.fixture(scope="module")
def store():
    with Store(threads=1) as store:
        yield store


def test_there_are_stories():
    assert len(FILES) >= 25
    assert len({load_timeline(file).name for file in FILES}) == len(FILES)


@pytest.mark.parametrize(
    "file",
    [pytest.param(file, id=file.stem, marks=[pytest.mark.slow] * (file.stem in CALENDAR)) for file in FILES],
)
def test_a_story_is_true_in_every_reading(file, store):
    timeline = load_timeline(file)
    if file.stem in NOT_LIVE:
        outcome = run_readings(timeline, (ByMeaning(timeline), ByQuery(timeline, store)))
    else:
        outcome = run_timeline(timeline, store)
        assert outcome.readings == ("meaning", "query", "step")
    assert outcome.right, str(outcome)
    assert outcome.checked >= 3


@pytest.mark.parametrize("name", CALENDAR)
def test_a_story_of_the_calendar_is_true_by_the_law_and_live(name):
    timeline = load_timeline(Path(__file__).parent / f"{name}.yml")
    outcome = run_readings(timeline, (ByMeaning(timeline), ByStep(timeline)))
    assert outcome.right, str(outcome)
