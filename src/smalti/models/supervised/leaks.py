"""A trait that knows the future: which inputs alone foretell too well to be true.

A trait is suspected when all of this holds on customers, and at a time, that nothing was fitted on:

1. *too well*: alone it explains at least half of what there is to foretell, beyond the error of the figure (for a chance at
   even odds that is an area under the ROC curve of about .93);
2. *nearly as well as everything*: that is at least 80 % of what all traits explain together;
3. *and nothing else knows*: what it leaves unexplained is at most half of what all else leaves, that is of what the best
   leaves among the other traits together, learnt anew without the suspect (and without what says the same as it, such as a
   second record of one event), and every simple forecast (recency alone, the buying model alone).

Or, for a chance, when it has values that are *certain*: the rarer outcome came to at least 90 % of them beyond the error, among
those learnt from as well, with at most a fifth of the exceptions that the best of all else expects there, too few to be
luck (a Poisson probability below 1 in 10,000). So is found what is filled in for some of those who left, and for nobody else.

The comparison with all else is what tells a leak from a good trait: how recently somebody bought foretells well, but how often
and how much she bought tells nearly the same, and so does the simple forecast. What was written down after the outcome agrees
with nothing else. A leak that tells no more than honest traits do cannot be told from them, and is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.intervals import Z, share_interval
from smalti.models.supervised.accuracy import share_explained
from smalti.models.supervised.losses import anyone, losses
from smalti.models.supervised.simple import Alone, alone
from smalti.models.supervised.training import Column, Task

TOO_WELL, NEARLY_ALL, AT_MOST = 0.5, 0.8, 0.5
"""Shares of the rule: explained alone; of what everything explains; left unexplained, of what all else leaves."""

CERTAIN, EXCEPTIONS, LUCK = 0.9, 0.2, 1e-4
"""Of certain values: the share of the rarer outcome; exceptions as a share of those expected; how likely that may be luck."""

THE_SAME = 0.95
"""Traits whose forecasts correlate so much are left out together when all else is asked."""

_SURE = 1.6448536269514722


@dataclass(frozen=True)
class Suspect:
    """A trait that alone foretells too well.

    Attributes:
        name: Of the trait.
        explained: The share it explains alone.
        certain: At how many customers it is certain, 0 where it is suspected for what it explains.
    """

    name: str
    explained: float
    certain: int

    def sentence(self) -> str:
        """Say it to a person.

        >>> Suspect("closed_at", 0.93, 0).sentence().split(":")[0]
        'closed_at may know the future'
        """
        why = f"alone it explains {self.explained:.0%} of what there is to foretell, and nothing else comes near"
        if self.certain:
            why = f"for {self.certain:,} customers it alone makes certain what nothing else foretells"
        return f"{self.name} may know the future: {why}; see whether it was known at the time, and leave it out if not"


@dataclass(frozen=True, eq=False)
class Evidence:
    """What leaks are looked for in: rows learnt from, rows tested on, and forecasts of the latter.

    Attributes:
        task: What is foretold.
        classes: How many classes there are.
        learnt: Traits of rows learnt from.
        target: What came to these.
        tested: The same traits of rows tested on.
        came: What came to those.
        model: The model's forecasts of rows tested on.
        simple: Simple forecasts of them by name.
        without: Learns anew without some traits and forecasts the rows tested on.
    """

    task: Task
    classes: int
    learnt: Sequence[Column]
    target: Floats | Integers
    tested: Sequence[Column]
    came: Floats | Integers
    model: Floats
    simple: Mapping[str, Floats]
    without: Callable[[frozenset[str]], Floats]


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A trait that foretells well alone: how much it explains, whether that is strong, where it is certain, its forecasts."""

    name: str
    explained: float
    strong: bool
    certain: Booleans
    forecast: Floats


def find_leaks(evidence: Evidence) -> tuple[Suspect, ...]:
    """Return the traits that are suspected, the strongest first."""
    everything = _explained(evidence, evidence.model)
    pairs = zip(evidence.learnt, evidence.tested, strict=True)
    candidates = [_candidate(evidence, learnt, tested, everything) for learnt, tested in pairs]
    candidates = [one for one in candidates if _suspect(evidence, one, list(evidence.simple.values()))]
    rest: dict[frozenset[str], Floats] = {}
    found = []
    for one in candidates:
        alike = frozenset(other.name for other in candidates if _say_the_same(one, other))
        if alike not in rest:
            rest[alike] = evidence.without(alike)
        suspect = _suspect(evidence, one, [rest[alike], *evidence.simple.values()])
        found += [suspect] if suspect else []
    return tuple(sorted(found, key=lambda suspect: (-suspect.explained, suspect.name)))


def _candidate(evidence: Evidence, learnt: Column, tested: Column, everything: float) -> _Candidate:
    one = alone(evidence.task, learnt, evidence.target, evidence.classes)
    forecast = one.forecast(tested)
    told = share_explained(losses(evidence.task, forecast, evidence.came), _against(evidence))
    low = told.value - _SURE / Z * (told.high - told.value)
    strong = low >= TOO_WELL and told.value >= NEARLY_ALL * everything
    return _Candidate(learnt.name, told.value, strong, _certain(evidence, one, tested), forecast)


def _suspect(evidence: Evidence, one: _Candidate, others: Sequence[Floats]) -> Suspect | None:
    """Hold a trait against forecasts that do without it."""
    best = max((_explained(evidence, forecast) for forecast in others), default=0.0)
    if one.strong and 1 - one.explained <= AT_MOST * (1 - best):
        return Suspect(one.name, one.explained, 0)
    if one.certain.any() and _unforeseen(evidence, one.certain, others):
        return Suspect(one.name, one.explained, int(one.certain.sum()))
    return None


def _say_the_same(one: _Candidate, other: _Candidate) -> bool:
    """Tell whether two traits alone forecast nearly the same, as two records of one later event do."""
    if one.name == other.name:
        return True
    first, second = (told.forecast - told.forecast.mean(axis=0) for told in (one, other))
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return size > 0 and float((first * second).sum()) >= THE_SAME * size


def _against(evidence: Evidence) -> Floats:
    alike = np.repeat(anyone(evidence.task, evidence.came, evidence.classes), len(evidence.came), axis=0)
    return losses(evidence.task, alike, evidence.came)


def _explained(evidence: Evidence, forecast: Floats) -> float:
    return share_explained(losses(evidence.task, forecast, evidence.came), _against(evidence)).value


def _rarer(evidence: Evidence) -> int:
    return int(float(np.mean(evidence.target)) < 0.5)


def _certain(evidence: Evidence, one: Alone, tested: Column) -> Booleans:
    """Return the tested rows at values of a trait where the rarer outcome of a chance is certain."""
    rows = np.zeros(len(evidence.came), dtype=np.bool_)
    if evidence.task != "chance":
        return rows
    rarer = _rarer(evidence)
    groups, hits = one.groups(tested), evidence.came == rarer
    known = one.rates[:, 0] if rarer else 1 - one.rates[:, 0]
    for group in np.unique(groups):
        here = groups == group
        count = int(here.sum())
        if known[group] >= CERTAIN and share_interval(float(hits[here].sum()), count)[0] >= CERTAIN:
            rows |= here
    return rows


def _unforeseen(evidence: Evidence, rows: Booleans, forecasts: Sequence[Floats]) -> bool:
    """Tell whether there are far fewer exceptions among these rows than any other forecast expects."""
    rarer = _rarer(evidence)
    chances = [forecast[rows, 0] if rarer else 1 - forecast[rows, 0] for forecast in forecasts]
    expected = min(float((1 - chance).sum()) for chance in chances)
    came = int((evidence.came[rows] != rarer).sum())
    return came <= EXCEPTIONS * expected and float(poisson.cdf(came, expected)) < LUCK
