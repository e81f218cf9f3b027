"""Which model of contracts: the shifted beta-geometric unless the beta-discrete-Weibull beats it, in and out of time."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import chi2

from smalti.errors import ModelError
from smalti.models.backtest import BackTest
from smalti.models.retention.backtest import (
    LEAST_LEAVERS,
    Curves,
    Held,
    forecast,
    held_periods,
    log_scores,
    told,
    weighted_mean,
)
from smalti.models.retention.contracts import Contracts
from smalti.models.retention.departures import departing
from smalti.models.retention.model import LEAST_OCCASIONS, RetentionModel, fit_retention
from smalti.models.retention.periods import Period

_SURE = 0.05
_PLAIN, _WEIBULL = "the shifted beta-geometric", "the beta-discrete-Weibull"


@dataclass(frozen=True)
class RetentionChoice:
    """A model of contracts, chosen.

    Attributes:
        model: The one chosen, fitted to all contracts.
        candidates: All that were fitted, the simplest first.
        backtest: How the one chosen did on the last periods, held out; None where there is too little.
        sentence: Which was chosen, and why.
    """

    model: RetentionModel
    candidates: tuple[RetentionModel, ...]
    backtest: BackTest | None
    sentence: str


def choose_retention(
    seen: Contracts, period: Period, *, held: int | None = None, cut_offs: tuple[int, ...] = ()
) -> RetentionChoice:
    """Fit both models of contracts, hold out the last periods, and choose the simpler one that is not beaten.

    The Weibull form has one parameter more. It is chosen when the likelihood ratio says that this parameter is there
    (5 % level) and it does not foretell the periods held out worse, beyond chance. By the same rule the rates that were seen
    on each occasion, drawn towards the chosen model's, take its place where they depart from its shape.

    Args:
        seen: All contracts.
        period: How long a period is.
        held: How many of the last periods to hold out; `held_periods` when not given.
        cut_offs: Instants 1, 2, ... periods ago, microseconds UTC, to tell the back-test's own; 0 when not given.

    Raises:
        ModelError: There is too little to fit on; the message says what.

    Examples:
        >>> from smalti.models.retention.contracts import cohorts
        >>> high_end = cohorts([[1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]])
        >>> choice = choose_retention(high_end, Period.parse("1 year"))
        >>> choice.model.kind, [one.kind for one in choice.candidates]
        ('beta_weibull', ['beta_geometric', 'beta_weibull'])
    """
    if seen.leavers < LEAST_LEAVERS:
        raise ModelError(
            f"{seen.leavers:g} of {seen.customers:g} customers have left, and a model of contracts wants at least "
            f"{LEAST_LEAVERS}"
        )
    plain = fit_retention(seen, "beta_geometric", period.name)
    periods = held_periods(seen) if held is None else held
    if plain.occasions < LEAST_OCCASIONS["beta_weibull"]:
        why = f"{_PLAIN}: customers were seen on {plain.occasions} occasions only"
        return RetentionChoice(plain, (plain,), None, _sentence(why))
    weibull = fit_retention(seen, "beta_weibull", period.name)
    chance = float(chi2.sf(2 * max(weibull.log_likelihood - plain.log_likelihood, 0.0), 1))
    instant = cut_offs[periods - 1] if 0 < periods <= len(cut_offs) else 0
    part = Held.of(seen, periods) if periods else None
    rounds = _Rounds(part, period)
    model, why = plain, _no_need(chance)
    if chance < _SURE and rounds.worse(weibull, plain):
        why = f"{_PLAIN}: {_WEIBULL} fits the past better, but foretells the last {period.many(periods)} worse"
    elif chance < _SURE:
        model, why = weibull, _fits(weibull)
    rates = departing(model, seen.life_table())
    if rates is not None and not rounds.worse(rates, model):
        model = rates
        why += "; rates of renewal depart from its shape, so each is what was seen, drawn towards it"
    if part is None:
        return RetentionChoice(model, (plain, weibull), None, _sentence(f"{why}; the past is too short to test it on"))
    return RetentionChoice(model, (plain, weibull), told(part, rounds.forecast(model), period, instant), _sentence(why))


class _Rounds:
    """Models fitted to contracts as they stood some periods ago, against what came since."""

    def __init__(self, part: Held | None, period: Period) -> None:
        self.part, self.period = part, period

    def forecast(self, like: RetentionModel) -> Curves:
        """Give the chances by a model like this one, fitted then."""
        assert self.part is not None  # noqa: S101 - nothing is foretold without a past
        model = fit_retention(self.part.past, like.kind, self.period.name)
        if like.rates:
            model = departing(model, self.part.past.life_table()) or model
        return forecast(model, self.part)

    def worse(self, one: RetentionModel, other: RetentionModel) -> bool:
        """Tell whether a model like the first foretells worse than one like the second, beyond chance."""
        if self.part is None:
            return False
        first, second = (log_scores(self.forecast(model), self.part) for model in (one, other))
        gain, spread = weighted_mean(first - second, self.part.weights)
        return gain + spread < 0


def _fits(model: RetentionModel) -> str:
    grows = "grows" if model.c > 1 else "falls"
    return f"{_WEIBULL}: a customer's own chance to leave {grows} with tenure (c {model.c:.2f})"


def _no_need(chance: float) -> str:
    return f"{_PLAIN}: nothing says that a customer's own chance to leave changes with tenure (p {chance:.2f})"


def _sentence(why: str) -> str:
    return f"Chosen is {why}."
