"""The gate: every test of one segmentation, and the verdict.

Error rates: a segmentation that has nothing to do with the customers passes `distinct` with a chance of at most
`Bars.alpha` (its intervals hold for all comparisons together), passes `relevant` with a chance of at most
`Bars.alpha` (a permutation test is exact), and has to pass both, and stability besides. So noise passes the gate with
a chance of at most `Bars.alpha`, 1 % unless a project says otherwise, and by far less where the two look at different
evidence. Among m segmentations, at most m times that many are expected to pass by chance. Where a test is passed by
chance alone, its floor of effect size still stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from smalti.segments.quality.actionable import Declared, actionable
from smalti.segments.quality.bars import Bars
from smalti.segments.quality.coverage import coverage
from smalti.segments.quality.distinct import distinct, overlap
from smalti.segments.quality.findings import TESTS, Finding, Verdict, state_of, worst_first
from smalti.segments.quality.grouping import Floats, Grouping
from smalti.segments.quality.oversegmented import oversegmented
from smalti.segments.quality.reach import Channel, reachable
from smalti.segments.quality.relevant import relevant
from smalti.segments.quality.substantial import substantial


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the n customers of a segmentation as of now; what is not known is left out and told as not shown.

    Attributes:
        traits: Traits and outcomes on which segments may differ, n values each, NaN where missing.
        used: For each segment, the traits that its rule rests on, through other traits as well.
        money: What each customer is worth.
        channels: Whom each channel reaches.
        gains: What each option is expected to bring for each customer, o x n; -inf or NaN where she is not eligible.
        options: The options' names, leaving alone among them.
        declared: For each segment the strategy and the channels that its definition names.
    """

    traits: Mapping[str, Floats] = field(default_factory=dict)
    used: Mapping[str, Set[str]] = field(default_factory=dict)
    money: Floats | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    gains: Floats | None = None
    options: Sequence[str] = ()
    declared: Declared = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Later:
    """The same segmentation as of an earlier instant T0, and what its customers did after it.

    Attributes:
        grouping: Who was in which segment as of T0.
        outcome: What each of its customers did after T0, NaN where not known.
    """

    grouping: Grouping
    outcome: Floats


def examine(grouping: Grouping, evidence: Evidence, later: Later | None, bars: Bars, seed: int = 0) -> list[Finding]:
    """Make every test of one segmentation that needs no resampling of its cuts and no earlier runs.

    Args:
        grouping: Who is in which segment now.
        evidence: What is known of the customers now.
        later: The segmentation of an earlier instant with what came after it, or None.
        bars: What is asked.
        seed: Decides everything that is drawn.
    """
    outcome = None if later is None else later.outcome
    return [
        *coverage(grouping, bars),
        *_distinct(grouping, evidence, later, bars, seed),
        *overlap(grouping, bars),
        *substantial(grouping, evidence.money, evidence.money, bars),
        *reachable(grouping, evidence.channels, bars),
        *actionable(grouping, evidence.gains, evidence.options, evidence.declared, bars, seed),
        *relevant(grouping if later is None else later.grouping, outcome, bars, seed),
        *oversegmented(grouping if later is None else later.grouping, outcome, bars, seed),
    ]


def _distinct(grouping: Grouping, evidence: Evidence, later: Later | None, bars: Bars, seed: int) -> list[Finding]:
    """Look for a difference in traits that the rules do not rest on; if they show none, in what customers did later.

    With two tries each has half of the error rate.
    """
    if later is None:
        return distinct(grouping, evidence.traits, evidence.used, bars, seed)
    half = bars.model_copy(update={"alpha": bars.alpha / 2})
    found = distinct(grouping, evidence.traits, evidence.used, half, seed)
    if state_of("distinct", found) == "passed":
        return found
    by_outcome = distinct(later.grouping, {"what came later": later.outcome}, {}, half, seed)
    return by_outcome if state_of("distinct", by_outcome) == "passed" else found


def verdict(segmentation: str, findings: Iterable[Finding], bars: Bars) -> Verdict:
    """Add the findings about one segmentation up.

    It passes when every test of `bars.required` was shown to be passed and no test at all was failed; those of
    `bars.when_shown` may be missing.

    Args:
        segmentation: The segmentation's name; findings about others do not count.
        findings: Findings of all tests that were made.
        bars: Which tests are required.

    >>> verdict("rfm", [], Bars()).not_shown
    ('distinct', 'substantial', 'reachable', 'actionable', 'stable', 'durable', 'relevant')
    """
    own = [one for one in findings if one.segmentation == segmentation]
    wanted = {*bars.required, *bars.when_shown}
    named = [test for test in TESTS if test in wanted or any(one.test == test for one in own)]
    states = {test: state_of(test, own) for test in named}
    shown, failed, missing = (
        tuple(test for test in named if states[test] == state) for state in ("passed", "failed", "not shown")
    )
    passed = not failed and all(states[test] == "passed" for test in bars.required)
    return Verdict(segmentation, passed, shown, failed, missing, tuple(worst_first(own)))
