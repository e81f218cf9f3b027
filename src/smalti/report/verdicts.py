"""The quality gate: which segmentations were shown to be worth having, what stands against the others, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from smalti.report.matter import Matter
from smalti.report.writing import count, named, spoken, stop

SHOWN = 6
"""Findings told of each segmentation; the others are in the table."""
QUESTIONS = {
    "enough_data": ("enough data", "Is there enough to fit it to?"),
    "distinct": ("distinct", "Do its segments differ in more than their rules?"),
    "substantial": ("substantial", "Are they large, or valuable, enough to bother?"),
    "reachable": ("reachable", "Can their members be reached?"),
    "actionable": ("actionable", "Would anything be done differently?"),
    "stable": ("stable", "Would the same people be put together again?"),
    "durable": ("durable", "Do they stay long enough?"),
    "relevant": ("relevant", "Does it tell what customers do later?"),
    "coverage": ("coverage", "Is anybody left out?"),
    "over_segmented": ("not too many", "Would fewer segments do?"),
    "niche": ("niches", "Is a small and valuable group overlooked?"),
    "stale": ("up to date", "Do the definitions still fit?"),
}
"""Each test with its name and its question."""
_MARKS = {"passed": ("✓", "yes"), "failed": ("✗", "no"), "not shown": ("–", "not shown"), "warned": ("!", "mostly")}


@dataclass(frozen=True)
class Answer:
    """What became of one test.

    Attributes:
        test: Its name.
        question: What it asks.
        state: passed, failed, not shown, or warned: passed, but with warnings.
        mark: A sign for it.
        said: The answer in words.
    """

    test: str
    question: str
    state: str
    mark: str
    said: str


@dataclass(frozen=True)
class Told:
    """One finding.

    Attributes:
        severity: How bad it is.
        about: The test, and the segment where one is meant.
        found: What was found.
        advice: What to do.
        measured: The number with its interval and what it measures; empty where there is none.
    """

    severity: str
    about: str
    found: str
    advice: str
    measured: str


@dataclass(frozen=True)
class Judged:
    """One segmentation before the gate.

    Attributes:
        title: What it is called.
        passed: Whether it passed.
        verdict: The verdict in words.
        answers: What became of each test.
        findings: What stands against it, the worst first.
        more: How many further findings there are, in words.
    """

    title: str
    passed: bool
    verdict: str
    answers: tuple[Answer, ...]
    findings: tuple[Told, ...]
    more: str


@dataclass(frozen=True)
class Gate:
    """The gate.

    Attributes:
        summary: What it comes to, a sentence.
        evidence: What was looked at, a sentence.
        judged: The segmentations.
        others: Findings about all customers.
    """

    summary: str
    evidence: str
    judged: tuple[Judged, ...]
    others: tuple[Told, ...]


def gate(matter: Matter) -> Gate | None:
    """Tell what the quality gate found in a run, or None where it was not asked."""
    quality = matter.info.get("quality")
    return tell_quality(quality, matter.tables["quality"]) if quality else None


def tell_quality(quality: Mapping[str, Any], table: pa.Table, *, shown: int | None = SHOWN) -> Gate:
    """Tell what the quality gate found.

    Args:
        quality: What ``run.json`` says of it.
        table: The findings, the worst first.
        shown: How many findings against each segmentation are told; None tells all.
    """
    findings = table.to_pylist()
    judged = tuple(_judged(one, findings, shown) for one in quality["verdicts"])
    passed = sum(one.passed for one in judged)
    known = {one["segmentation"] for one in quality["verdicts"]}
    others = [_told(row) for row in findings if row["segmentation"] not in known and row["severity"] in _AGAINST]
    return Gate(_summary(passed, len(judged)), _evidence(quality), judged, tuple(others))


_AGAINST = ("fail", "warning")


def _summary(passed: int, number: int) -> str:
    if not number:
        return "There are no segmentations to test."
    if passed == number:
        return f"{count(passed, 'segmentation')} of {number} passed: shown to be worth having."
    return f"{passed} of {count(number, 'segmentation')} passed; the others are told with what stands against them."


def _evidence(quality: Mapping[str, Any]) -> str:
    looked, there = quality["looked_at"], quality["customers"]
    who = "All customers were looked at" if looked == there else f"{looked:,} of {there:,} customers were looked at"
    if quality.get("since") is None:
        return f"{who}; there are no facts from long enough ago to see what comes later."
    asked = f", and {quality['outcome']} between then and {quality['as_of'][:10]}" if quality.get("outcome") else ""
    return f"{who}: their segments as of {quality['since'][:10]}{asked}, and their segments as of now."


def _judged(one: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], shown: int | None) -> Judged:
    own = [row for row in findings if row["segmentation"] == one["segmentation"]]
    against = [row for row in own if row["severity"] in _AGAINST]
    warned = {row["test"] for row in own if row["severity"] == "warning"}
    states = {test: "warned" if test in warned else "passed" for test in one["passed_tests"]}
    states |= dict.fromkeys(one["failed"], "failed") | dict.fromkeys(one["not_shown"], "not shown")
    answers = tuple(
        Answer(title, question, states[test], *_MARKS[states[test]])
        for test, (title, question) in QUESTIONS.items()
        if test in states
    )
    missing = [QUESTIONS[test][0] for test in one["required_not_shown"]]
    unseen = [QUESTIONS[test][0] for test in one["not_shown"] if test in QUESTIONS and test in ("reachable", "durable")]
    verdict = "Not passed" if not one["passed"] else f"Passed; {' and '.join(unseen)} not shown" if unseen else "Passed"
    if one["failed"]:
        verdict += ": not " + ", not ".join(QUESTIONS[test][0].removeprefix("not ") for test in one["failed"])
    elif missing:
        verdict += ": not shown to be " + ", ".join(missing)
    left = 0 if shown is None else len(against) - shown
    more = f"{count(left, 'more finding')} in quality.parquet." if left > 0 else ""
    title = named(spoken(one["segmentation"]))
    return Judged(title, one["passed"], stop(verdict), answers, tuple(map(_told, against[:shown])), more)


def _told(row: Mapping[str, Any]) -> Told:
    test = QUESTIONS.get(row["test"], (row["test"], ""))[0]
    about = f"{test}: {spoken(row['segment'])}" if row.get("segment") else test
    return Told(row["severity"], about, row["found"], row["advice"] or "", measured(row))


def measured(row: Mapping[str, Any]) -> str:
    """Say the number of a finding with its interval, and what it measures.

    >>> measured({"value": 0.5, "low": 0.4, "high": 0.61, "measure": "Cliff's delta"})
    "0.5 (0.4 to 0.61), Cliff's delta"
    """
    if row.get("value") is None:
        return ""
    number = f"{row['value']:,.3g}"
    if row.get("low") is not None and row.get("high") is not None:
        number += f" ({row['low']:,.3g} to {row['high']:,.3g})"
    return f"{number}, {row['measure']}"
