"""What a test of a segmentation found, and the verdict that the findings add up to.

>>> found = Finding("distinct", "rfm", None, "passed", "Cliff's delta", 0.4, 0.3, 0.5, "All 5 segments are set apart.", "")
>>> lacking = unshown("reachable", "rfm", "Nobody's consent is known.", "Add channels to the project.")
>>> [finding.test for finding in worst_first([found, lacking])]
['reachable', 'distinct']
>>> state_of("reachable", [found, lacking]), state_of("distinct", [found, lacking])
('not shown', 'passed')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Severity = Literal["fail", "warning", "note", "passed"]
"""How bad it is, the worst first. A fail sinks its segmentation; a warning does not; a note says what could not be shown."""

State = Literal["failed", "not shown", "passed"]
"""What became of a test: a test that could not be made is not shown, never passed."""

Test: TypeAlias = Literal[
    "enough_data",
    "distinct",
    "substantial",
    "reachable",
    "actionable",
    "stable",
    "durable",
    "relevant",
    "coverage",
    "over_segmented",
    "niche",
    "stale",
]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""All severities, the worst first."""

TESTS: tuple[str, ...] = get_args(Test)
"""All tests, in the order in which they are told."""


@dataclass(frozen=True)
class Finding:
    """One thing that a test found out about a segment or a segmentation.

    Attributes:
        test: One of `TESTS`.
        segmentation: The segmentation's name.
        segment: The segment's name, or None where the segmentation as a whole is meant.
        severity: How bad it is.
        measure: What the number is, in a few words, with the interval's level where that is not 95 %.
        value: The number, or None where there is none.
        low: Low end of the interval that `measure` names.
        high: High end.
        found: One sentence: what was found, with numbers.
        advice: One sentence: what to do; empty where nothing needs to be done.
    """

    test: str
    segmentation: str
    segment: str | None
    severity: Severity
    measure: str
    value: float | None
    low: float | None
    high: float | None
    found: str
    advice: str


@dataclass(frozen=True)
class Verdict:
    """What all findings about one segmentation add up to.

    Attributes:
        segmentation: The segmentation's name.
        passed: Whether every test that is required was shown to be passed.
        shown: The tests that were passed, in the order of `TESTS`.
        failed: The tests that were failed.
        not_shown: The tests that could not be made, or were not made though they are required.
        findings: All findings, the worst first.
    """

    segmentation: str
    passed: bool
    shown: tuple[str, ...]
    failed: tuple[str, ...]
    not_shown: tuple[str, ...]
    findings: tuple[Finding, ...]


def unshown(
    test: str, segmentation: str, found: str, advice: str, *, segment: str | None = None, measure: str = "not measured"
) -> Finding:
    """Give the finding that a test could not be made, and why.

    >>> unshown("durable", "rfm", "There is one run only.", "Run again next month.").severity
    'note'
    """
    return Finding(test, segmentation, segment, "note", measure, None, None, None, found, advice)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Order findings: by severity, then by test, then the segmentation as a whole before its segments.

    Findings that are alike in all of this stay in the order in which they came.
    """
    places = {test: place for place, test in enumerate(TESTS)}
    return sorted(
        findings,
        key=lambda one: (
            SEVERITIES.index(one.severity),
            places.get(one.test, len(places)),
            one.segmentation,
            one.segment is not None,
        ),
    )


def tally(findings: Iterable[Finding]) -> Mapping[Severity, int]:
    """Count findings by severity, the worst first; severities without any are 0.

    >>> tally([unshown("durable", "rfm", "There is one run only.", "Run again.")])
    {'fail': 0, 'warning': 0, 'note': 1, 'passed': 0}
    """
    severities = [one.severity for one in findings]
    return {severity: severities.count(severity) for severity in SEVERITIES}


def state_of(test: str, findings: Iterable[Finding]) -> State:
    """Say what became of one test of one segmentation.

    One fail, of a segment or of the whole, fails it. Else it is not shown where there is no finding, where a note about the
    segmentation as a whole says that it could not be made, or where all that was said of its segments are notes. Else it is
    passed, with or without warnings.
    """
    own = [one for one in findings if one.test == test]
    if any(one.severity == "fail" for one in own):
        return "failed"
    hindered = any(one.severity == "note" and one.segment is None for one in own)
    return "not shown" if hindered or all(one.severity == "note" for one in own) else "passed"


def about(findings: Iterable[Finding], segmentation: str, segment: str | None = None) -> list[Finding]:
    """Pick the findings about one segmentation, or about one of its segments.

    >>> note = unshown("durable", "rfm", "There is one run only.", "Run again.", segment="best")
    >>> len(about([note], "rfm")), len(about([note], "rfm", "best")), len(about([note], "rfm", "rest"))
    (1, 1, 0)
    """
    return [one for one in findings if one.segmentation == segmentation and segment in (None, one.segment)]


def percent(share: float) -> str:
    """Write a share as a reader wants it: two digits that count, and never a rounded 0 or 100 where it is neither.

    >>> [percent(share) for share in (0.0, 0.0004, 0.034, 0.121, 0.997, 0.9999, 1.0)]
    ['0 %', '0.04 %', '3.4 %', '12 %', '99.7 %', '99.99 %', '100 %']
    """
    points = 100 * share
    if points in (0.0, 100.0):
        return f"{points:.0f} %"
    edge = min(abs(points), abs(100 - points))
    digits = next((digits for digits, least in ((0, 9.5), (1, 0.95), (2, 0.095), (3, 0.0095)) if edge >= least), 4)
    return f"{points:.{digits}f}".rstrip("0").rstrip(".") + " %" if digits else f"{points:.0f} %"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Write names as people list them, and how many are left out.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e", "f"], 3)
    ("'a', 'b' and 'c'", "'a', 'b', 'c' and 3 more")
    """
    told = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(told)} and {len(names) - most:,} more"
    return " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))
