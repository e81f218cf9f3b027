"""Which buying model to use, decided on a past that none of them had seen.

Each candidate is fitted to the customers' histories as of an earlier instant and foretells the days of purchase in the
hold-out after it. The simplest candidate that is not beaten is chosen. One beats another when it gave what came a higher
likelihood (the chance of each customer's number of purchases) *and* was not further from it (absolute error), each judged by
a paired 95 % interval over resampled customers, and by more than `MATERIAL`: a likelihood alone would let a model win by how
it spreads its bets.

The candidates stand in order of simplicity: MBG/NBD first, since it lets a customer leave after her first purchase; BG/NBD,
under which who bought once is a customer for ever; Pareto/NBD last, which costs most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.models.accuracy import (
    Compared,
    Resampled,
    band,
    cohorts,
    ends,
    frequencies,
    tenths,
    typical_of,
)
from smalti.models.arrays import Booleans, Floats
from smalti.models.backtest import BackTest, Band, Measure
from smalti.models.buying.kinds import RepeatBuyingKind, fit_repeat_buying
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.holdout import Holdout
from smalti.models.naive import naive_purchases, naive_spend
from smalti.models.purchase_counts import count_log_likelihood
from smalti.models.spend import GammaGamma
from smalti.models.value import residual_value

SIMPLEST_FIRST: tuple[RepeatBuyingKind, ...] = ("mbg_nbd", "bg_nbd", "pareto_nbd")
"""The candidates, the simplest first."""
TITLES: Mapping[str, str] = {"mbg_nbd": "MBG/NBD", "bg_nbd": "BG/NBD", "pareto_nbd": "Pareto/NBD"}
"""What people call them."""
LEAST_CUSTOMERS = 50
"""A hold-out of fewer customers decides nothing."""
LIKELIHOOD = "log-likelihood of what came"
BRIER = "Brier score of a purchase"
WITHIN = "share within the 80 % interval"
AS_STATED = "as it states"
WITHIN_BUYERS = "share within the 80 % interval, of those who bought"
MATERIAL = 0.005
"""Gains in log-likelihood per customer below this decide nothing: they would flip the choice from run to run."""
FAR = 0.25
"""A total this far off is warned of."""


@dataclass(frozen=True)
class Choice:
    """The chosen kind of buying model.

    Attributes:
        kind: Its name.
        why: Why it was chosen, in a sentence.
        backtest: How it did, beside the other candidates and naive forecasts.
    """

    kind: RepeatBuyingKind
    why: str
    backtest: BackTest


@dataclass(frozen=True, eq=False)
class _Candidate:
    kind: RepeatBuyingKind
    model: RepeatBuying
    forecast: Floats
    chance: Floats
    likelihood: Floats


def choose(seen: Holdout, kinds: Sequence[RepeatBuyingKind] = SIMPLEST_FIRST, *, seed: int = 0) -> Choice:
    """Choose a kind of buying model by how it foretold a hold-out.

    Args:
        seen: The hold-out; candidates are fitted to its histories.
        kinds: The candidates, the simplest first.
        seed: Of the resampling.

    Raises:
        ModelError: There are too few customers, nobody bought in the hold-out, or no candidate can be fitted.

    Examples:
        >>> rng = np.random.default_rng(3)
        >>> age = np.full(400, 200.0)
        >>> repeats = rng.poisson(rng.gamma(1.0, 2.0, 400)).astype(float)
        >>> recency = np.where(repeats > 0, np.ceil(age * rng.beta(repeats + 1, 1)), 0.0)
        >>> later = rng.poisson(repeats * 0.4).astype(float)
        >>> seen = Holdout(0, 90.0, repeats, recency, age, later, later * 10, age * 0 + 10.0, later, later * 10)
        >>> choose(seen, ("mbg_nbd", "bg_nbd")).kind
        'mbg_nbd'
    """
    if len(seen) < LEAST_CUSTOMERS:
        raise ModelError(
            f"{len(seen)} customers to try buying models on, and a choice wants at least {LEAST_CUSTOMERS}"
        )
    if not seen.came_back.any():
        raise ModelError(f"nobody bought in the {seen.horizon:g} days kept to try buying models on")
    candidates, failed = _fitted(seen, kinds)
    resampled = Resampled(len(seen), seed)
    chosen, why = _simplest_unbeaten(candidates, seen, resampled)
    return Choice(chosen.kind, why, _backtest(chosen, candidates, seen, resampled, failed))


def _fitted(seen: Holdout, kinds: Sequence[RepeatBuyingKind]) -> tuple[list[_Candidate], list[str]]:
    candidates, failed = [], []
    for kind in kinds:
        try:
            model = fit_repeat_buying(kind, *seen.history, unit="day")
        except ModelError as error:
            failed.append(f"{TITLES[kind]} could not be fitted: {error}.")
            continue
        candidates.append(
            _Candidate(
                kind,
                model,
                model.expected_purchases(*seen.history, seen.horizon),
                model.purchase_chance(*seen.history, seen.horizon),
                count_log_likelihood(model, seen.history, seen.horizon, seen.later),
            )
        )
    if not candidates:
        raise ModelError(" ".join(failed))
    return candidates, failed


def _simplest_unbeaten(candidates: Sequence[_Candidate], seen: Holdout, resampled: Resampled) -> tuple[_Candidate, str]:
    """Give the candidate and why; where each is beaten by another, the one of the highest likelihood."""
    beaten: list[str] = []
    for one in candidates:
        better = [(gain, other) for other in candidates if (gain := _beats(other, one, seen, resampled)) is not None]
        if not better:
            return one, _why(one, candidates, beaten, seen.horizon)
        (gained, low, high), other = max(better, key=lambda pair: pair[0][0])
        beaten.append(
            f"{TITLES[one.kind]} is beaten by {TITLES[other.kind]} "
            f"({gained:+.4f} log-likelihood per customer, {low:+.4f} to {high:+.4f})"
        )
    best = max(candidates, key=lambda candidate: float(candidate.likelihood.mean()))
    return best, f"{'; '.join(beaten)}; {TITLES[best.kind]} gave what came the highest likelihood."


def _beats(
    other: _Candidate, one: _Candidate, seen: Holdout, resampled: Resampled
) -> tuple[float, float, float] | None:
    """Give by how much another beats one, with the interval; None where it does not."""
    if other is one:
        return None
    gained = other.likelihood - one.likelihood
    low, high = resampled.interval(gained)
    further = np.abs(other.forecast - seen.later) - np.abs(one.forecast - seen.later)
    worse = resampled.interval(further)[0] > 0
    return (float(gained.mean()), low, high) if low > 0 and gained.mean() > MATERIAL and not worse else None


def _why(one: _Candidate, candidates: Sequence[_Candidate], beaten: Sequence[str], horizon: float) -> str:
    others = [TITLES[other.kind] for other in candidates if other is not one]
    watched = f"in the {horizon:g} days kept to try it on"
    if not others:
        return f"{TITLES[one.kind]} is the only buying model that could be fitted."
    if beaten:
        return f"{TITLES[one.kind]}: the simplest that is not beaten {watched}: {'; '.join(beaten)}."
    return f"{TITLES[one.kind]}: the simplest, and not beaten by {' or '.join(others)} {watched}."


def _backtest(
    chosen: _Candidate, candidates: Sequence[_Candidate], seen: Holdout, resampled: Resampled, failed: Sequence[str]
) -> BackTest:
    others = [other for other in candidates if other is not chosen]
    naive = naive_purchases(seen)
    forecasts = {"model": chosen.forecast} | {TITLES[other.kind]: other.forecast for other in others} | naive
    compared = Compared(seen, seen.later, forecasts, resampled)
    told = {"model": chosen} | {TITLES[other.kind]: other for other in others}
    came = seen.came_back.astype(np.float64)
    measures = [
        *compared.measures(),
        *(_chances(name, one, resampled) for name, one in told.items()),
        *(_brier(name, one.chance, came, resampled) for name, one in told.items()),
    ]
    by = cohorts(seen) | frequencies(seen)
    groups = tenths(chosen.forecast)
    chances = {name: who for name, who in tenths(chosen.chance).items() if who.any()}
    return BackTest(
        outcome=f"days of purchase in the {seen.horizon:g} days after",
        unit="purchases",
        horizon_days=seen.horizon,
        cut_offs=(seen.cut_off,),
        customers=len(seen),
        measures=tuple(measures),
        calibration=_bands(groups, chosen.forecast, seen.later),
        lift=compared.bands(groups, chosen.forecast),
        over_time=(band("all", chosen.forecast, seen.later, typical_of(seen.later)),),
        cohorts=compared.bands(by, chosen.forecast),
        chances=tuple(band(name, chosen.chance[who], came[who]) for name, who in chances.items()),
        verdict=verdict(compared, tuple(naive), "purchases"),
        warnings=(*failed, *_warnings(compared, chosen.chance, came)),
    )


def _chances(name: str, one: _Candidate, resampled: Resampled) -> Measure:
    low, high = resampled.interval(one.likelihood)
    return Measure(LIKELIHOOD, name, float(one.likelihood.mean()), low, high)


def _brier(name: str, chance: Floats, came: Floats, resampled: Resampled) -> Measure:
    wrong = (chance - came) ** 2
    return Measure(BRIER, name, float(wrong.mean()), *resampled.interval(wrong), better="lower")


def verdict(compared: Compared, baselines: Sequence[str], unit: str) -> str:
    """Say in a sentence whether the model is nearer to what came than the best naive forecast, by customer and in total.

    Args:
        compared: The forecasts; the model's is called `model`.
        baselines: Names of the naive ones among them.
        unit: What is counted, such as `purchases`.
    """
    errors = {name: float(np.abs(compared.forecasts[name] - compared.came).mean()) for name in ("model", *baselines)}
    best = min(baselines, key=lambda name: errors[name])
    more, low, high = compared.error_difference("model", best)
    share = abs(more) / errors[best] if errors[best] else 0.0
    if high < 0:
        told = f"Better than the best naive forecast ({best}): its error per customer is {share:.1%} smaller"
    elif low > 0:
        told = f"Worse than a naive forecast ({best}): its error per customer is {share:.1%} larger"
    else:
        told = f"No better and no worse per customer than the best naive forecast ({best})"
    if not compared.total > 0:
        return f"{told}; what came adds up to nothing, so totals cannot be compared."
    totals = {name: float(compared.forecasts[name].sum()) / compared.total for name in ("model", *baselines)}
    nearest = min(baselines, key=lambda name: abs(np.log(max(totals[name], 1e-9))))
    nearer = abs(np.log(max(totals["model"], 1e-9))) <= abs(np.log(max(totals[nearest], 1e-9)))
    word = "nearer than" if nearer else "further off than"
    return (
        f"{told}; in total it foretold {totals['model']:.2f} {unit} for each that came, "
        f"{word} the nearest naive forecast ({nearest}, {totals[nearest]:.2f})."
    )


def _warnings(compared: Compared, chance: Floats, came: Floats) -> list[str]:
    """Say where what is foretold should not be believed as it stands."""
    found = []
    total = float(compared.forecasts["model"].sum() / compared.came.sum())
    if abs(total - 1) > FAR:
        found.append(
            f"In total {total:.2f} were foretold for each that came: sums of expected purchases are off by as much "
            "wherever the coming period is to the past what the hold-out was."
        )
    once = compared.seen.repeats == 0
    found += _off(compared, np.asarray(once), "customers who had bought on one day only")
    found += _off(compared, np.asarray(compared.seen.repeats >= 7), "customers who had bought on 8 days or more")
    high = chance >= 0.9
    if high.sum() >= 100 and came[high].mean() < chance[high].mean() - 0.1:
        found.append(
            f"Of those with a chance of at least 90 % of a purchase {came[high].mean():.0%} bought: "
            "a high chance is not to be taken at its word."
        )
    return found


def _off(compared: Compared, who: Booleans, called: str) -> list[str]:
    if who.sum() < LEAST_CUSTOMERS or not compared.came[who].sum():
        return []
    ratio = float(compared.forecasts["model"][who].sum() / compared.came[who].sum())
    if abs(ratio - 1) <= FAR:
        return []
    return [f"Of {called} {ratio:.2f} purchases were foretold for each that came."]


def spend_backtest(seen: Holdout, kind: RepeatBuyingKind, spend: GammaGamma, *, seed: int = 0) -> BackTest:
    """Hold what customers were foretold to spend against what they spent, and the intervals against how often they held.

    Args:
        seen: The hold-out; the buying model is fitted to its histories.
        kind: The chosen kind of buying model.
        spend: The spend model, fitted to the same customers as of the same instant.
        seed: Of the resampling.

    Raises:
        ModelError: The buying model cannot be fitted.
    """
    buying = fit_repeat_buying(kind, *seen.history, unit="day")
    paid = np.where(seen.mean_spend > 0, seen.repeats + 1, 0.0)
    found = residual_value(buying, spend, seen.history, (paid, seen.mean_spend), seen.horizon)
    naive = naive_spend(seen)
    resampled = Resampled(len(seen), seed)
    compared = Compared(seen, seen.later_spend, {"model": found.value} | naive, resampled)
    within = np.asarray((found.low <= seen.later_spend) & (seen.later_spend <= found.high), dtype=np.float64)
    chance = buying.purchase_chance(*seen.history, seen.horizon)
    stated = float((1 - 0.1 * (found.low > 0) - np.where(found.high > 0, 0.1, chance)).mean())
    groups, by = tenths(found.value), cohorts(seen) | frequencies(seen)
    return BackTest(
        outcome=f"spend in the {seen.horizon:g} days after",
        unit="money",
        horizon_days=seen.horizon,
        cut_offs=(seen.cut_off,),
        customers=len(seen),
        measures=(*compared.measures(), *_coverage(within, stated, seen.came_back, resampled)),
        calibration=_bands(groups, found.value, seen.later_spend),
        lift=compared.bands(groups, found.value),
        over_time=(band("all", found.value, seen.later_spend, typical_of(seen.later_spend)),),
        cohorts=compared.bands(by, found.value),
        verdict=verdict(compared, tuple(naive), "of money"),
        warnings=tuple(_uncovered(within, stated, resampled)),
    )


def _bands(groups: Mapping[str, Booleans], forecast: Floats, came: Floats) -> tuple[Band, ...]:
    return tuple(band(name, forecast[who], came[who], typical_of(came)) for name, who in groups.items() if who.any())


def _coverage(within: Floats, stated: float, bought: Booleans, resampled: Resampled) -> list[Measure]:
    """Give how often intervals held, beside how often they should: of many the low end is 0, and nothing lies below it."""
    told = [
        Measure(WITHIN, "model", float(within.mean()), *resampled.interval(within)),
        Measure(WITHIN, AS_STATED, stated),
    ]
    buyers = bought.astype(np.float64)
    drawn = resampled.means(within * buyers) / np.maximum(resampled.means(buyers), 1e-12)
    if bought.any():
        told.append(Measure(WITHIN_BUYERS, "model", float(within[bought].mean()), *ends(drawn)))
    return told


def _uncovered(within: Floats, stated: float, resampled: Resampled) -> list[str]:
    low, high = resampled.interval(within)
    if high >= stated:
        return []
    return [
        f"The 80 % interval of value should have held for {stated:.0%} of the customers, those of whom nothing is expected "
        f"included, and held for {within.mean():.0%} ({low:.0%} to {high:.0%}): take its ends as nearer than they should be."
    ]
