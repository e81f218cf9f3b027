"""Timelines run: what is right, what isn't, and what is told when the readings of the language differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smalti.engine import run_timeline, run_timelines
from smalti.engine.parity import run_readings, same
from smalti.engine.readings import ByMeaning, ByQuery, ByStep, lengths, midnights
from smalti.errors import DefinitionError
from smalti.facts import DAY, HOUR, parse_instant
from smalti.project import Change, parse_timeline
from smalti.rules import parse
from smalti.store import Store

PAGE = (Path(__file__).parents[2] / "docs" / "timelines.md").read_text(encoding="utf-8")
REGULAR = """
name: Two orders make a regular
traits: {bought: count(orders)}
segments: {regular: bought >= 2}
start: 2026-01-01
steps:
  - {fact: orders, customer: ada}
  - expect:
      ada: {regular: in}
"""


@pytest.fixture(scope="module")
def store():
    with Store(threads=1) as store:
        yield store


def timeline(text: str):
    return parse_timeline(text, "shop.yml")


def test_the_example_of_the_page_is_right(store):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    outcome = run_timeline(timeline(example), store)
    assert outcome.right, str(outcome)
    assert outcome.readings == ("meaning", "query", "step")


def test_the_page_shows_what_is_told_of_what_is_not_as_wanted(store):
    outcome = run_timeline(timeline(REGULAR), store)
    (told,) = re.findall(r"```text\n(.*?)\n```", PAGE, re.DOTALL)
    assert str(outcome) == told
    assert not outcome.right
    assert not outcome.disagrees
    assert outcome.to_dict()["lines"] == [
        {
            "line": 9,
            "at": "2026-01-01",
            "what": "ada: regular",
            "wanted": "in",
            "told": dict.fromkeys(("meaning", "query", "step"), "false"),
            "wrong": ["meaning", "query", "step"],
        }
    ]


def test_changes_that_are_lacking_and_changes_too_many_are_told(store):
    text = REGULAR.replace("regular: in", "regular: out") + (
        "  - {fact: orders, customer: ada}\n"
        "  - changed: [{customer: ada, entered: regular, at: 2026-01-02}]\n"
        "  - changed: nothing\n"
    )
    outcome = run_timeline(timeline(text), store)
    (line,) = outcome.lines
    assert line.wanted == "ada entered regular at 2026-01-02"
    both = "also ada entered regular at 2026-01-01, but not ada entered regular at 2026-01-02"
    assert line.told == {"meaning": both, "query": "but not ada entered regular at 2026-01-02", "step": both} or (
        line.told == dict.fromkeys(("meaning", "query", "step"), both)
    )


class Hasty(ByStep):
    """A step that counts everything twice, and whose customers leave a day late."""

    name = "hasty"

    def values(self):
        return {key: value * 2 if type(value) is int else value for key, value in super().values().items()}

    def changes(self):
        return {Change(one.at + DAY, one.customer, one.segment, one.entered) for one in super().changes()}


def test_readings_that_differ_are_told_apart():
    story = timeline(REGULAR.replace("regular: in", "regular: out") + "  - changed: nothing\n")
    outcome = run_readings(story, (ByMeaning(story), Hasty(story)))
    (line,) = outcome.lines
    assert (line.what, line.wanted, line.told) == ("ada: bought", None, {"meaning": "1", "hasty": "2"})
    assert line.wrong == ("hasty",)
    assert outcome.disagrees
    story = timeline(
        REGULAR.replace("regular: in", "regular: out")
        + "  - {fact: orders, customer: ada}\n  - changed: [{customer: ada, entered: regular, at: 2026-01-01}]\n"
    )
    outcome = run_readings(story, (ByMeaning(story), Hasty(story)))
    assert [one.told["hasty"] for one in outcome.lines if one.what == "what changed"] == [
        "also ada entered regular at 2026-01-02, but not ada entered regular at 2026-01-01"
    ]


class Sleepy(ByStep):
    """A step whose wake-ups are slept through."""

    name = "sleepy"

    def wait(self, until):
        self.now = until


def test_a_wake_up_that_is_slept_through_is_seen():
    story = timeline(
        "segments: {active: 'count(orders, last 30 days) >= 1'}\nstart: 2026-01-01\nsteps:\n"
        "  - {fact: orders, customer: ada}\n  - wait: 30 days\n  - expect: {ada: {active: out}}\n"
    )
    outcome = run_readings(story, (ByMeaning(story), Sleepy(story)))
    assert [line.wrong for line in outcome.lines] == [("sleepy",)]


def test_in_and_out_within_a_microsecond_is_seen_by_all(store):
    story = timeline(
        "segments: {one: count(orders) = 1}\nstart: 2026-01-01\nsteps:\n"
        "  - {fact: orders, customer: ada}\n  - {fact: orders, customer: ada}\n"
        "  - changed:\n    - {customer: ada, entered: one, at: 2026-01-01}\n"
        "    - {customer: ada, left: one, at: 2026-01-01}\n"
    )
    outcome = run_timeline(story, store)
    assert outcome.right, str(outcome)


def test_a_score_stands_in_the_query_where_rules_ask_for_it(store):
    story = timeline(
        "segments: {gone: score(p_alive) < 0.5}\nstart: 2026-01-01\nsteps:\n"
        "  - {score: p_alive, customer: ada, value: 0.2}\n  - expect: {ada: {gone: in}, bob: {gone: unknown}}\n"
    )
    assert ByQuery(story, store).values() == {("ada", "gone"): None, ("bob", "gone"): None}
    assert run_timeline(story, store).right


def test_all_files_are_read_before_any_is_run(tmp_path):
    (tmp_path / "a.yml").write_text(REGULAR)
    (tmp_path / "b.yml").write_text("start: soon\nsteps: []")
    (tmp_path / "c.yml").write_text("stps: []")
    with pytest.raises(DefinitionError) as caught:
        list(run_timelines([tmp_path]))
    assert [Path(str(one.file)).name for one in caught.value.problems] == ["b.yml", "c.yml", "c.yml", "c.yml"]


def test_every_length_of_time_in_a_tree_is_found():
    tree = parse("any(events, last 3 days, where followed_by(orders, within 2 hours)) and age > 4 and x = 'y' and true")
    assert lengths([tree]) == {0, 3 * DAY, 2 * HOUR, 4 * DAY, -3 * DAY, -2 * HOUR, -4 * DAY}


def test_midnights_are_those_of_the_zone():
    since, until = parse_instant("2026-03-28T12:00Z"), parse_instant("2026-03-29T23:00Z")
    assert list(midnights(since, until, "Europe/London")) == [parse_instant("2026-03-29"), until]


@pytest.mark.parametrize(
    ("one", "two", "answer"),
    [(1, 1, True), (1, True, False), (None, 0, False), (1.0, 1, True), (1.0, 1.0 + 1e-6, False), ("a", "a", True)],
)
def test_sameness(one, two, answer):
    assert same(one, two) is answer
