"""What a readout comes to, in plain words: it works, it does harm, it is not worth having, or nobody can tell yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import ndtri

from smalti.experiments.readout.comparing import AverageEffect
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.sample_ratio import SampleRatio
from smalti.experiments.readout.sequential import reach
from smalti.experiments.readout.telling import effect_in_words, interval_in_words, value_in_words
from smalti.experiments.readout.values import LEAST_EVENTS

Answer: TypeAlias = Literal["works", "harms", "not worth it", "cannot tell yet", "not to be trusted"]

POWER = 0.8
"""The chance of an answer that the number of further customers is reckoned for."""
_HARDLY = 1e-9
_RARE = " In an arm fewer than {} did it, or did not: the interval is widened for that, and a rough guide."
HOPELESS = 100
"""Where it would take more than this many times the customers there are, no number is told."""


@dataclass(frozen=True)
class Verdict:
    """The answer on one arm by one metric.

    Attributes:
        metric: The metric's name.
        arm: The arm.
        answer: What it comes to.
        customers_more: How many further customers, both arms together, would give an answer with a chance of 80 %, if the
            effect is as it looks now; None where there is an answer, and where it would take over a hundred times as many.
        words: The answer in a sentence or two.
    """

    metric: str
    arm: str
    answer: Answer
    customers_more: int | None
    words: str


def judge(found: AverageEffect, metric: Metric, ratio: SampleRatio | None = None) -> Verdict:
    """Say what an effect comes to.

    An arm works when its effect is sure after the correction for all that was looked at, and its whole interval lies above what
    is worth having (`Metric.least`); it harms when it is surely the wrong way round; it is not worth having when the whole
    interval lies below that. Against what is worth having the interval is widened for all that was looked at together. All else
    cannot be told yet.

    Args:
        found: The effect, its p-value corrected.
        metric: The metric, with the direction that is better and what is worth having.
        ratio: The check of the arms' sizes; with an alarm there is no other answer.

    Examples:
        >>> from smalti.experiments.readout import Statistics, compare
        >>> visit = Metric("visit", "outcome", unit="share")
        >>> control, mail = Statistics.of_counts(2262, 21306), Statistics.of_counts(3894, 21307)
        >>> print(judge(compare(control, mail, visit, arms=("none", "mail")), visit).words)
        mail works: visit 18.3 % instead of 10.6 % under none, +7.66 points (95 % interval +7.00 to +8.32 points).
        >>> print(judge(compare(Statistics.of_counts(100, 1000), Statistics.of_counts(110, 1000), visit), visit).words)
        Nobody can tell yet whether arm works: visit 11.0 % instead of 10.0 % under control, +1.00 points (95 % interval -1.69 \
to +3.69 points). If it is as it looks, 27,526 further customers would tell with a chance of 80 %.
    """
    if ratio is not None and ratio.alarm:
        return Verdict(found.metric, found.arm, "not to be trusted", None, _off(found, ratio))
    answer = _answer(found, metric)
    words = f"{_said(answer, found, metric)}.{_RARE.format(LEAST_EVENTS) if found.rare and found.error > 0 else ''}"
    if answer != "cannot tell yet":
        return Verdict(found.metric, found.arm, answer, None, words)
    more = _more(found, metric)
    return Verdict(found.metric, found.arm, answer, more, f"{words} {_wanted(found, more)}")


def _answer(found: AverageEffect, metric: Metric) -> Answer:
    low, high = sorted(metric.sign * end for end in (_together(found) if metric.least else found.interval))
    if found.sure and low > metric.least:
        return "works"
    if found.sure and high < 0:
        return "harms"
    return "not worth it" if metric.least > 0 and high < metric.least else "cannot tell yet"


def _together(found: AverageEffect) -> tuple[float, float]:
    """Give the interval widened so that those of all effects looked at together hold at once (Bonferroni)."""
    low, high = found.interval
    chance = 1 - found.level
    wider = _errors(found, chance / found.together) / _errors(found, chance)
    return found.effect - wider * (found.effect - low), found.effect + wider * (high - found.effect)


def _said(answer: Answer, found: AverageEffect, metric: Metric) -> str:
    least = effect_in_words(metric.sign * metric.least, metric)
    good = f"brings the {least} that it must" if metric.least else "works"
    head = {
        "works": f"{found.arm} brings more than the {least} that it must" if metric.least else f"{found.arm} works",
        "harms": f"{found.arm} does harm",
        "not worth it": f"{found.arm} does not bring the {least} that it must",
        "cannot tell yet": f"Nobody can tell yet whether {found.arm} {good}",
    }[answer]
    before = f"{value_in_words(found.control_value, metric)} under {found.control}"
    values = f"{value_in_words(found.value, metric)} instead of {before}"
    return f"{head}: {metric.name} {values}, {effect_in_words(found.effect, metric)} ({_interval(found, metric)})"


def _interval(found: AverageEffect, metric: Metric) -> str:
    low, high = found.interval
    if not np.isfinite(high - low):
        return "no interval: too few customers, or all alike"
    kind = "interval" if found.always is None else "interval at every look"
    return f"{100 * found.level:g} % {kind} {interval_in_words(low, high, metric)}"


def _more(found: AverageEffect, metric: Metric) -> int | None:
    now = found.customers + found.control_customers
    distance = abs(metric.sign * found.effect - metric.least)
    if not (found.error > 0 and distance > 0):
        return None
    whole = now * ((_far(found) + float(ndtri(POWER))) * found.error / distance) ** 2
    return None if whole > HOPELESS * now else max(int(np.ceil(whole)) - now, 1)


def _far(found: AverageEffect) -> float:
    """Give how many standard errors from 0 an effect must be, so that it stays sure among all that are looked at together."""
    alone = found.p if found.always is None else found.always.p
    chance = (1 - found.level) / max(found.p_adjusted / alone if alone > 0 else 1.0, 1.0)
    return _errors(found, chance)


def _errors(found: AverageEffect, chance: float) -> float:
    """Give how many standard errors an interval reaches that misses with this chance."""
    return float(-ndtri(chance / 2)) if found.always is None else reach(1.0, 1, 1 - chance)


def _wanted(found: AverageEffect, more: int | None) -> str:
    if more is not None:
        alone = (found.p if found.always is None else found.always.p) <= 1 - found.level and not found.sure
        first = "By itself it would be sure; among all that was looked at it may be chance. " if alone else ""
        return f"{first}If it is as it looks, {more:,} further customers would tell with a chance of {100 * POWER:g} %."
    if not found.error > 0:
        return "There are too few customers to say anything of chance, or all are alike."
    return f"It is so near to making no difference that {HOPELESS} times as many customers would hardly tell."


def _off(found: AverageEffect, ratio: SampleRatio) -> str:
    sizes = " to ".join(f"{one:,}" for one in ratio.counts)
    wanted = " to ".join(f"{one:,.0f}" for one in ratio.expected)
    often = f"once in {1 / ratio.p:,.0f} times" if ratio.p > _HARDLY else "less than once in a thousand million times"
    return (
        f"Nothing can be said of {found.arm}: the arms have {sizes} customers where {wanted} were expected, which by chance "
        f"happens {often}. Customers get lost, or are counted twice, in one arm and not "
        "in another; find out where before believing any number."
    )
