"""What every action is expected to bring every customer: effect times what is won, less what it costs, with its doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smalti.facts import Currency
from smalti.strategy.candidates import Action, Gains
from smalti.strategy.match import LEVEL_Z, reckon
from smalti.strategy.peers import Floats
from smalti.strategy.playbook import Basis, Belief, StrategyDefinition
from smalti.strategy.treatments import Treatment

_FINE = 1000.0
"""`reckon` answers in whole units: it is asked in thousandths of a minor unit, for a mailing brings less than a penny."""
_WEAKEST: tuple[Basis, ...] = ("assumed", "modelled", "measured")


@dataclass(frozen=True, eq=False)
class Effect:
    """What a score says a treatment does to each customer.

    Attributes:
        name: The score.
        values: The effect of the treatment on each customer, in the score's unit, NaN where unknown (no gain then); shape (n,).
        worth: What one unit of it is worth, minor units; shape (n,) or one number for all: of a chance the headroom, of
            money in minor units the margin.
        error: Its standard error that all customers share: of the mean effect, in the score's unit.
        basis: Where it comes from: ``measured`` of an experiment, ``modelled``.
        by: Which experiment or fit it was learnt from, for a reader.
        spread: The standard deviation of what is not known of the single customer, in the score's unit.
    """

    name: str
    values: Floats
    worth: Floats | float
    error: float
    basis: Basis
    by: str
    spread: float = 0.0


@dataclass(frozen=True, eq=False)
class Worth:
    """What one treatment's gain is reckoned from.

    Attributes:
        strategy: The strategy that it serves, with its belief as it is now (experiments may have changed it).
        headroom: What is to be won, minor units, of the treatment's own expression or else of the strategy's; shape (n,), NaN
            or negative counts as 0.
        doubt: Relative standard deviation of the headroom; shape (n,).
        modelled: Whether the headroom comes from fitted models and known costs alone, and nothing assumed.
        belief: How often it works, in place of what the treatment or its strategy say: what an experiment with this very
            treatment has measured; None where there is none.
        effect: What a score says it does, in place of one rate for all; None where it has no score.
    """

    strategy: StrategyDefinition
    headroom: Floats
    doubt: Floats
    modelled: bool
    belief: Belief | None = None
    effect: Effect | None = None


def gains_of(
    actions: Sequence[Action],
    worths: Mapping[str, Worth],
    *,
    currency: Currency,
    average_order: float,
    reach: Mapping[str, Floats] | None = None,
) -> Gains:
    """Reckon what every action brings every customer.

    One treatment: rate x headroom - cost, or effect x worth - cost where a score tells the effect of each. Of a treatment
    with several channels that is the gain by its average channel; each channel's is in proportion to the chance that she
    responds to it, over the mean of those chances of this treatment's channels.

    A bundle: where what is to be won is the same, it is won unless all parts fail, 1 - (1 - p1)(1 - p2), never more than
    there is; otherwise parts add up. Costs add up.

    Intervals are those of `match.reckon`, 80 % of the expected gain; those of a bundle's parts are put together as
    independent, or as one where they rest on the same source.

    Args:
        actions: The columns.
        worths: By treatment, what its gain is reckoned from.
        currency: The project's currency.
        average_order: The average order in minor units, for costs that are a share of it.
        reach: By channel, the chance that a contact by it is responded to; shape (n,). A channel not among them is taken
            to be as good as the average of the treatment's others.

    Raises:
        KeyError: A treatment has no worth.
    """
    treatments = list({part.name: part for action in actions for part in action.treatments}.values())
    parts = {one.name: _part(one, worths[one.name]) for one in treatments}
    costs = {one.name: _costs(one, currency, average_order) for one in treatments}
    chances = reach or {}
    size = len(next(iter(worths.values())).headroom) if worths else 0
    gain, low, high, cost = (np.empty((size, len(actions))) for _ in range(4))
    found: list[_Part] = []
    for place, action in enumerate(actions):
        whole = _whole(action, parts, chances)
        paid = sum(costs[part.name][0] for part in action.treatments)
        gain[:, place], low[:, place], high[:, place] = whole.won - paid, whole.low - paid, whole.high - paid
        cost[:, place] = paid
        found.append(whole)
    return Gains(
        gain=gain,
        low=low,
        high=high,
        cost=cost,
        basis=tuple(one.basis for one in found),
        by=tuple(one.by for one in found),
        weight=np.array([_lever(action, parts) for action in actions], dtype=np.float64),
        fixed=_fixed(treatments, currency, average_order),
        doubt=np.array([one.doubt for one in found], dtype=np.float64),
        worst={name: worst for name, (_, worst) in costs.items()},
        told=tuple(one.told for one in found),
        source=tuple(one.source for one in found),
        shared={place: one.shared for place, one in enumerate(found) if one.shared is not None},
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """What one treatment, or a bundle, wins before costs.

    Attributes:
        won: What is expected to be won, minor units; shape (n,).
        low: Low end of it.
        high: High end.
        chance: The chance that the headroom is won; None where a score tells it.
        headroom: The headroom; None where a score tells the effect.
        doubt: Relative standard deviation shared by all customers.
        shared: The shared standard deviation itself, where it is not in proportion to what is won.
        basis: Where it comes from.
        by: Who assumed or measured it.
        told: The effect in words.
        source: What the effect was learnt from.
    """

    won: Floats
    low: Floats
    high: Floats
    chance: Floats | float | None
    headroom: Floats | None
    doubt: float
    shared: Floats | None
    basis: Basis
    by: str
    told: str
    source: str


def _part(treatment: Treatment, worth: Worth) -> _Part:
    return _by_score(worth, worth.effect) if worth.effect is not None else _by_rate(treatment, worth)


def _by_rate(treatment: Treatment, worth: Worth) -> _Part:
    own = worth.belief or treatment.definition.effect
    belief = own or worth.strategy.success
    headroom = np.maximum(np.nan_to_num(worth.headroom), 0.0)
    everyone = np.ones(len(headroom), dtype=np.bool_)
    definition = worth.strategy.model_copy(update={"success": belief})
    option = reckon(treatment.name, definition, everyone, headroom * _FINE, worth.doubt, 0, modelled=worth.modelled)
    rate = belief.rate
    return _Part(
        won=option.gain / _FINE,
        low=option.low / _FINE,
        high=option.high / _FINE,
        chance=rate,
        headroom=headroom,
        doubt=0.0 if rate in (0.0, 1.0) else float(((1 - rate) / (rate * (belief.strength + 1))) ** 0.5),
        shared=None,
        basis=option.basis,
        by=belief.by,
        told=f"it works on {100 * rate:.3g} % of those it is tried on",
        source=f"treatment {treatment.name}" if own else f"strategy {treatment.strategy}",
    )


def _whole(action: Action, parts: Mapping[str, _Part], chances: Mapping[str, Floats]) -> _Part:
    """Give what an action wins: its treatments by its channels, together."""
    each = [
        _by_channel(parts[part.name], _likelier(part, channel, chances))
        for part, channel in zip(action.treatments, action.channels, strict=True)
    ]
    return each[0] if len(each) == 1 else _together(each)


def _by_score(worth: Worth, effect: Effect) -> _Part:
    unit = np.nan_to_num(np.broadcast_to(np.asarray(effect.worth, dtype=np.float64), effect.values.shape))
    known = ~np.isnan(effect.values)
    won = np.where(known, effect.values, 0.0) * unit
    shared = np.where(known, effect.error, 0.0) * np.abs(unit)
    own = np.hypot(effect.spread * np.abs(unit), worth.doubt * np.abs(won))
    reaching = LEVEL_Z * np.hypot(shared, np.where(known, own, 0.0))
    bases: tuple[Basis, Basis] = (effect.basis, "modelled" if worth.modelled else "assumed")
    return _Part(
        won=won,
        low=won - reaching,
        high=won + reaching,
        chance=None,
        headroom=None,
        doubt=0.0,
        shared=shared,
        basis=min(bases, key=_WEAKEST.index),
        by=effect.by,
        told=f"its effect on her is foretold by {effect.name}",
        source=f"score {effect.name}",
    )


def _likelier(treatment: Treatment, channel: str | None, reach: Mapping[str, Floats]) -> Floats | None:
    """Give how much likelier she responds by this channel than by the treatment's average one; None where all are alike."""
    known = [reach[name] for name in treatment.channels if name in reach]
    if channel is None or channel not in reach or len(known) < 2:
        return None
    mean = np.mean(known, axis=0)
    likelier: Floats = np.divide(reach[channel], mean, out=np.ones_like(mean), where=mean > 0)
    return likelier


def _by_channel(part: _Part, likelier: Floats | None) -> _Part:
    """Give the same by one channel; nothing is won more often than always."""
    if likelier is None:
        return part
    if part.chance is not None and part.chance:
        likelier = np.minimum(likelier, 1 / part.chance)
    return replace(
        part,
        won=part.won * likelier,
        low=part.low * likelier,
        high=part.high * likelier,
        chance=None if part.chance is None else part.chance * likelier,
        shared=None if part.shared is None else part.shared * likelier,
    )


def _together(parts: Sequence[_Part]) -> _Part:
    """Give what a bundle wins: the same thing at most once, different things both."""
    weights = [_left_by_others(parts, place) for place in range(len(parts))]
    won = _all_won(parts)
    low = won - _across(parts, [weight * (one.won - one.low) for one, weight in zip(parts, weights, strict=True)])
    high = won + _across(parts, [weight * (one.high - one.won) for one, weight in zip(parts, weights, strict=True)])
    common = _across(
        parts,
        [
            weight * (one.doubt * np.abs(one.won) if one.shared is None else one.shared)
            for one, weight in zip(parts, weights, strict=True)
        ],
    )
    return _Part(
        won=won,
        low=low,
        high=high,
        chance=None,
        headroom=None,
        doubt=0.0,
        shared=common,
        basis=min((one.basis for one in parts), key=_WEAKEST.index),
        by=" and ".join(dict.fromkeys(one.by for one in parts)),
        told="; ".join(dict.fromkeys(one.told for one in parts)),
        source=parts[0].source,
    )


def _alike(one: _Part, other: _Part) -> bool:
    """Say whether two treatments win the same thing."""
    return one.headroom is not None and other.headroom is not None and np.array_equal(one.headroom, other.headroom)


def _left_by_others(parts: Sequence[_Part], place: int) -> Floats:
    """Give the chance that no other part has won the same already."""
    left = np.ones(len(parts[place].won))
    for other, one in enumerate(parts):
        if other != place and _alike(one, parts[place]) and one.chance is not None:
            left = left * (1 - one.chance)
    return left


def _all_won(parts: Sequence[_Part]) -> Floats:
    """Sum what parts win, each beyond those before it."""
    won = np.zeros(len(parts[0].won))
    for place, one in enumerate(parts):
        won = won + one.won * _left_by_others([*parts[:place], one], place)
    return won


def _across(parts: Sequence[_Part], widths: Sequence[Floats]) -> Floats:
    """Put widths together: of one source they add up, of different ones their squares do."""
    by_source: dict[str, Floats] = {}
    for one, width in zip(parts, widths, strict=True):
        by_source[one.source] = by_source.get(one.source, np.zeros(len(width))) + width
    whole: Floats = np.sqrt(np.sum([width**2 for width in by_source.values()], axis=0))
    return whole


def _costs(treatment: Treatment, currency: Currency, average_order: float) -> tuple[float, float]:
    """Give what a treatment costs one customer, as is expected and if every contact comes; minor units."""
    definition = treatment.definition
    first = definition.cost.exact(currency, average_order)
    steps = [
        (
            first if one.definition.cost is None else one.definition.cost.exact(currency, average_order),
            one.definition.reach,
        )
        for one in treatment.steps
    ]
    taken = definition.redemption
    redeemed = 0.0 if taken is None else taken.rate * taken.cost.exact(currency, average_order)
    expected = first + redeemed + sum(cost * reach for cost, reach in steps)
    return expected, first + redeemed + sum(cost for cost, _ in steps)


def _fixed(treatments: Sequence[Treatment], currency: Currency, average_order: float) -> dict[str, float]:
    """Give what doing treatments at all costs, minor units."""
    costs = {one.name: one.definition.fixed for one in treatments}
    return {name: cost.exact(currency, average_order) for name, cost in costs.items() if cost is not None}


def _lever(action: Action, parts: Mapping[str, _Part]) -> float:
    """Give the lever of an action: of a bundle the mean of its treatments', by what each wins."""
    levers = [part.definition.priority for part in action.treatments]
    if len(set(levers)) == 1:
        return levers[0]
    shares = [float(np.maximum(parts[part.name].won, 0.0).sum()) for part in action.treatments]
    return float(np.average(levers, weights=shares)) if sum(shares) > 0 else float(np.mean(levers))
