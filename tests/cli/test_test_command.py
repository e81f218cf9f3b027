"""``smalti test``: timelines from the terminal, and how it ends."""

from __future__ import annotations

import json

import pytest

from smalti.engine.readings import ByStep

GOOD = """
name: One order is enough
segments: {buyer: any(orders)}
start: 2026-01-01
steps:
  - {fact: orders, customer: ada}
  - expect: {ada: {buyer: in}}
"""


def test_what_is_right_is_told_briefly(terminal):
    terminal.file("timelines/good.yml", GOOD)
    result = terminal.types("test")
    assert result.exit_code == 0
    assert result.stdout == (
        "timelines/good.yml: One order is enough: right, 1 expectation\n"
        "all right: 1 timeline, 1 expectation, each by meaning, query, step\n"
    )


def test_what_is_wrong_is_told_with_its_line(terminal):
    terminal.file("t/good.yml", GOOD)
    file = terminal.file("bad.yml", GOOD.replace("buyer: in", "buyer: out"))
    result = terminal.types("test", "t", file)
    assert result.exit_code == 2
    assert (
        "  line 7, 2026-01-01: ada: buyer\n    wanted                out\n    meaning, query, step  true"
        in result.stdout
    )
    assert "1 of 2 timelines are not as wanted" in result.stdout
    assert "defect" not in result.stdout


def test_readings_that_differ_are_our_fault(terminal, monkeypatch):
    monkeypatch.setattr(ByStep, "values", lambda self: {("ada", "buyer"): None})
    result = terminal.types("test", terminal.file("good.yml", GOOD))
    assert result.exit_code == 1
    assert "that is a defect of smalti" in result.stdout


@pytest.mark.parametrize("name", ["good", "bad"])
def test_it_is_told_in_json(terminal, name):
    file = terminal.file("a.yml", GOOD if name == "good" else GOOD.replace("buyer: in", "buyer: out"))
    result = terminal.types("test", file, "--json")
    (told,) = json.loads(result.stdout)
    assert (told["file"], told["right"], len(told["lines"])) == ("a.yml", name == "good", int(name == "bad"))
    assert result.exit_code == (0 if name == "good" else 2)


def test_mistakes_in_files_are_told_before_anything_runs(terminal):
    terminal.file("t/a.yml", GOOD)
    terminal.file("t/b.yml", GOOD.replace("expect", "expct"))
    assert "t/b.yml:7:5: unknown step: found 'expct'" in terminal.complaint("test", "t")
    assert "there is no file or folder 'timelines'" in terminal.complaint("test")
    told = json.loads(terminal.types("test", "t", "--json").stdout)
    assert [one["hint"] for one in told["problems"]] == ["expect"]
