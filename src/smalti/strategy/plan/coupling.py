"""What couples customers: budgets, capacities, numbers and fairness, each as what every choice takes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from smalti.facts import Instant, Microseconds, format_minor, next_start, start_of
from smalti.strategy.candidates import Action, Candidates
from smalti.strategy.limits import BudgetDefinition, Limits, NumberDefinition
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.timing import next_allowed

Unit: TypeAlias = Literal["money", "contacts", "customers"]


@dataclass(frozen=True, eq=False)
class Coupling:
    """One limit on all customers together: the sum of what chosen actions take.

    Attributes:
        name: What it is called.
        about: What it is, in a sentence without its end.
        unit: What it counts.
        sign: +1 for at most `amount`, -1 for at least.
        amount: That many.
        columns: What one choice of each action takes; shape (A,).
        rows: Whose choices count; shape (n,); None for all.
        taken: What is taken already by what is under way.
        segment: The segment that `rows` are; None where they are none.
        group: What fairness goes by and the group that `rows` are.
        treatments: Of money, the treatments whose cost of doing them at all it pays.
        reachable: How much of `amount` can be used at all, for what could use it comes at other times.
    """

    name: str
    about: str
    unit: Unit
    sign: int
    amount: float
    columns: Floats
    rows: Booleans | None = None
    taken: float = 0.0
    segment: str | None = None
    group: tuple[str, str] | None = None
    treatments: tuple[str, ...] = ()
    reachable: float = np.inf

    def used(self, choice: Integers) -> float:
        """Give what these choices take, what is under way not among it; -1 is no choice."""
        counted = choice >= 0 if self.rows is None else (choice >= 0) & self.rows
        return float(np.bincount(choice[counted], minlength=len(self.columns)) @ self.columns)


@dataclass(frozen=True)
class Spell:
    """A part of a plan that lies in one calendar period of a budget.

    Attributes:
        start: Its begin.
        end: Its end.
        left: What may be spent in it, minor units.
    """

    start: Instant
    end: Instant
    left: float


def couplings_of(candidates: Candidates, limits: Limits) -> tuple[Coupling, ...]:
    """Give all that couples customers, each under a name of its own."""
    found = [
        *budgets_of(candidates, limits),
        *_channels(candidates, limits),
        *_numbers(candidates, limits),
        *_fairness(candidates, limits),
    ]
    names: dict[str, int] = {}
    unique = []
    for one in found:
        names[one.name] = names.get(one.name, 0) + 1
        number = names[one.name]
        unique.append(one if number == 1 else replace(one, name=f"{one.name} ({number})"))
    return tuple(unique)


def days_of(at: Instant, until: Instant, zone: str) -> tuple[Instant, ...]:
    """Give when the days of a plan begin, in the project's zone; the first may have begun before it.

    >>> from smalti.facts import DAY
    >>> len(days_of(0, 7 * DAY, "UTC")), len(days_of(1, 7 * DAY + 1, "UTC"))
    (7, 8)
    """
    starts = [start_of("day", at, zone)]
    while (following := next_start("day", starts[-1], zone)) < until:
        starts.append(following)
    return tuple(starts)


def spells_of(
    budget: BudgetDefinition, amount: float, spent: float, at: Instant, until: Instant, zone: str
) -> tuple[Spell, ...]:
    """Give the calendar periods that a plan lies in, with what may be spent in each.

    What is left of a period is spread evenly over the rest of it: a plan may spend the part of its own time.

    >>> from smalti.facts import DAY, parse_instant
    >>> monthly = BudgetDefinition(amount=310, per="month")
    >>> begin = parse_instant("2026-01-30")
    >>> [one.left for one in spells_of(monthly, 31_000.0, 29_000.0, begin, begin + 4 * DAY, "UTC")]
    [2000.0, 2214.285714285714]
    """
    if budget.per == "plan":
        return (Spell(at, until, amount),)
    found = []
    start, left = at, amount - spent
    while start < until:
        end = next_start(budget.per, start, zone)
        share = (min(end, until) - start) / (end - start)
        found.append(Spell(start, min(end, until), max(left, 0.0) * share))
        start, left = end, amount
    return tuple(found)


def costs_in(budget: BudgetDefinition, candidates: Candidates) -> Floats:
    """Give what one choice of each action takes of a budget: its treatments that the budget is for; shape (A,)."""
    worst = candidates.gains.worst
    return np.array(
        [
            sum(worst[part.name] for part in action.treatments if _is_for(budget, part.name, part.strategy))
            for action in candidates.actions
        ],
        dtype=np.float64,
    )


def _is_for(budget: BudgetDefinition, treatment: str, strategy: str) -> bool:
    by_name = not budget.treatments or treatment in budget.treatments
    return by_name and (not budget.strategies or strategy in budget.strategies)


def under_way_in(budget: BudgetDefinition, candidates: Candidates) -> Booleans:
    """Say which contacts under way are paid from a budget; shape (m,)."""
    strategies = {part.name: part.strategy for action in candidates.actions for part in action.treatments}
    return np.array(
        [_is_for(budget, one.treatment, strategies.get(one.treatment, "")) for one in candidates.underway.contacts],
        dtype=np.bool_,
    )


def paid_from(budget: BudgetDefinition, actions: Sequence[Action]) -> tuple[str, ...]:
    """Give the treatments that are paid from a budget."""
    treatments = {part.name: part.strategy for action in actions for part in action.treatments}
    return tuple(name for name, strategy in treatments.items() if _is_for(budget, name, strategy))


def _awake(candidates: Candidates, limits: Limits, channel: str | None, spell: Spell) -> Booleans:
    """Say whose clocks show hours within a spell in which she may be contacted by a channel; shape (n,)."""
    if channel is None:
        return np.ones(len(candidates.customers), dtype=np.bool_)
    coded = candidates.zones.cast("string").fill_null(candidates.zone).dictionary_encode()
    names = coded.dictionary.to_pylist()
    starts = np.full(len(names), spell.start, dtype=np.int64)
    free = next_allowed(starts, names, limits.definition.quiet, channel, candidates.zone) < spell.end
    awake: Booleans = np.asarray(free, dtype=np.bool_)[np.asarray(coded.indices)]
    return awake


def _reachable(budget: BudgetDefinition, candidates: Candidates, limits: Limits, spells: Sequence[Spell]) -> float:
    """Give how much of the money of several periods can be spent: what may come in each, if it has so much left."""
    costs, fixed = costs_in(budget, candidates), candidates.gains.fixed
    mine = under_way_in(budget, candidates)
    due, paid = candidates.underway.due[mine], candidates.underway.cost[mine]
    once = sum(fixed.get(name, 0.0) for name in paid_from(budget, candidates.actions))
    found = 0.0
    for spell in spells:
        most = np.zeros(len(candidates.customers))
        for place in np.flatnonzero(costs > 0).tolist():
            may = (candidates.earliest[:, place] < spell.end) & (candidates.latest[:, place] >= spell.start)
            may &= _awake(candidates, limits, candidates.actions[place].channels[0], spell)
            most[may & (candidates.why[:, place] == 0) & (most < costs[place])] = costs[place]
        going = float(paid[(due >= spell.start) & (due < spell.end)].sum())
        found += min(spell.left, float(most.sum()) + going + (once if most.any() else 0.0))
    return found


def budgets_of(candidates: Candidates, limits: Limits) -> Iterator[Coupling]:
    """Give the budgets, each as what choices take of it."""
    definition, until = limits.definition, candidates.at + limits.definition.window
    spent = (*candidates.spent, *[0.0] * len(definition.budget))
    titles = {name: name for budget in definition.budget for name in budget.treatments}
    titles |= {part.name: part.title for action in candidates.actions for part in action.treatments}
    for place, budget in enumerate(definition.budget):
        amount = candidates.budgets[place]
        spells = spells_of(budget, amount, spent[place], candidates.at, until, candidates.zone)
        what = " for ".join(part for part in (" and ".join(budget.treatments), " and ".join(budget.strategies)) if part)
        plain = " for ".join(
            " and ".join(part)
            for part in ([titles[one] for one in budget.treatments], [plainly(one) for one in budget.strategies])
            if part
        )
        name = "budget" + (f" of {what}" if what else "") + (f" a {budget.per}" if budget.per != "plan" else "")
        gone = (
            f"{format_minor(round(spent[place]), candidates.currency)} is spent; of the rest " if spent[place] else ""
        )
        every = "" if budget.per == "plan" else f" a {budget.per}, of which {gone}a plan may spend the part of its time"
        yield Coupling(
            name,
            f"{format_minor(amount, candidates.currency)}{every}" + (f" for {plain}" if plain else ""),
            "money",
            1,
            sum(one.left for one in spells),
            costs_in(budget, candidates),
            taken=float(candidates.underway.cost[under_way_in(budget, candidates)].sum()),
            treatments=paid_from(budget, candidates.actions),
            reachable=_reachable(budget, candidates, limits, spells) if len(spells) > 1 else np.inf,
        )


def contacts_by(actions: Sequence[Action], channel: str, window: Microseconds) -> Floats:
    """Give how many contacts of each action come by a channel within a plan; shape (A,)."""
    return np.array(
        [sum(one.channel == channel and one.delay < window for one in action.contacts) for action in actions],
        dtype=np.float64,
    )


def today_by(candidates: Candidates, channel: str) -> int:
    """Give how many contacts there have been by a channel on the day that the plan begins."""
    history = candidates.history
    if not history.num_rows:
        return 0
    at = np.asarray(history["at"])
    late = (at >= start_of("day", candidates.at, candidates.zone)) & (at <= candidates.at)
    return sum(one == channel for one in history["channel"].filter(late).to_pylist())


def _channels(candidates: Candidates, limits: Limits) -> Iterator[Coupling]:
    until = candidates.at + limits.definition.window
    edges = (*days_of(candidates.at, until, candidates.zone), until)
    due = candidates.underway.due
    spans = _spans(candidates, edges) if any(one.per_day is not None for _, one in limits.definition.channels) else None
    for channel, capacity in limits.definition.channels:
        columns = contacts_by(candidates.actions, channel, limits.definition.window)
        by = np.array([one.channel == channel for one in candidates.underway.contacts], dtype=np.bool_)
        taken = float((by & (due < until)).sum())
        if capacity.in_all is not None:
            about = f"at most {_counting(capacity.in_all, 'contact')} by {plainly(channel)} in a plan"
            yield Coupling(f"{channel} in all", about, "contacts", 1, capacity.in_all, columns, taken=taken)
        if capacity.per_day is not None and spans is not None:
            rooms = _rooms(candidates, limits, channel, capacity.per_day, edges)
            about = f"at most {_counting(capacity.per_day, 'contact')} by {plainly(channel)} a day"
            yield Coupling(f"{channel} a day", about, "contacts", 1, float(rooms.sum()), columns, taken=taken)
            yield from _narrow(candidates, channel, capacity.per_day, rooms, spans)


def _rooms(candidates: Candidates, limits: Limits, channel: str, per_day: int, edges: Sequence[Instant]) -> Floats:
    """Give how many contacts each day of a plan still carries; none where it is quiet as a whole in every zone there is."""
    starts = np.maximum(np.asarray(edges[:-1], dtype=np.int64), candidates.at)
    ends = np.asarray(edges[1:], dtype=np.int64)
    names = sorted({candidates.zone, *(one for one in candidates.zones.unique().to_pylist() if one is not None)})
    quiet = limits.definition.quiet
    free = [next_allowed(starts, [name] * len(starts), quiet, channel, candidates.zone) < ends for name in names]
    rooms = np.where(np.any(free, axis=0), float(per_day), 0.0)
    rooms[0] = max(rooms[0] - today_by(candidates, channel), 0.0)
    return rooms


def _narrow(
    candidates: Candidates, channel: str, per_day: int, rooms: Floats, spans: tuple[Integers, Integers]
) -> Iterator[Coupling]:
    """Give what some days can carry of actions that may begin on these days alone."""
    actions, last = candidates.actions, len(rooms) - 1
    first = np.array([any(one.channel == channel and one.delay == 0 for one in action.contacts) for action in actions])
    if not first.any():
        return
    lows, highs = spans
    known = {(int(lows[one]), int(highs[one])) for one in np.flatnonzero(first & (lows >= 0))} - {(0, last)}
    for low, high in sorted((low, high) for low in {one[0] for one in known} for high in {one[1] for one in known}):
        inside = first & (lows >= low) & (highs <= high)
        if low > high or not inside.any() or (low, high) == (0, last):
            continue
        days = f"day {low + 1}" if low == high else f"days {low + 1} to {high + 1}"
        yield Coupling(
            f"{channel} on {days}",
            f"at most {_counting(per_day, 'contact')} by {plainly(channel)} a day, of treatments that may begin on {days} "
            "of the plan alone",
            "contacts",
            1,
            float(rooms[low : high + 1].sum()),
            np.where(inside, contacts_by(actions, channel, 1), 0.0),
        )


def _spans(candidates: Candidates, edges: Sequence[Instant]) -> tuple[Integers, Integers]:
    """Give the first and the last day on which each action may begin for anybody; -1 where it may for nobody."""
    count = len(candidates.actions)
    lows, highs = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    inner = np.asarray(edges[1:-1], dtype=np.int64)
    for place in range(count):
        may = candidates.why[:, place] == 0
        if may.any():
            ends = [int(candidates.earliest[may, place].min()), int(candidates.latest[may, place].max())]
            lows[place], highs[place] = np.searchsorted(inner, ends, side="right")
    return lows, highs


def _numbers(candidates: Candidates, limits: Limits) -> Iterator[Coupling]:
    treatments = {part.name: part for action in candidates.actions for part in action.treatments}
    asked = [
        NumberDefinition(treatment=one.name, least=one.definition.least, most=one.definition.most)
        for one in treatments.values()
        if one.definition.least is not None or one.definition.most is not None
    ]
    titles = {**candidates.titles, **{f"treatment {name}": one.title for name, one in treatments.items()}}
    for number in (*asked, *limits.definition.numbers):
        columns = _counted(candidates.actions, number)
        rows = None if number.segment is None else candidates.segments[number.segment]
        words = _words(number, {})
        for word, sign, amount in (("at least", -1, number.least), ("at most", 1, number.most)):
            if amount is not None:
                name = f"{word} {amount:,}{words}"
                about = f"{word} {_counting(amount, 'customer')}{_words(number, titles)}"
                yield Coupling(name, about, "customers", sign, float(amount), columns, rows, 0.0, number.segment)


def _words(number: NumberDefinition, titles: Mapping[str, str]) -> str:
    """Say whom a number counts, by names, or by titles where there are any: of segments, and of ``treatment NAME``."""
    plain = plainly if titles else str
    parts = [
        f" get {titles.get(f'treatment {number.treatment}', number.treatment)}" if number.treatment else "",
        f" for {plain(number.strategy)}" if number.strategy else "",
        f" by {plain(number.channel)}" if number.channel else "",
        f" in {titles.get(number.segment, plain(number.segment))}" if number.segment else "",
    ]
    return "".join(parts) or " are treated"


def plainly(name: str) -> str:
    """Write a name as people do.

    >>> plainly("win_back")
    'win back'
    """
    return name.replace("_", " ")


def _counting(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _counted(actions: Sequence[Action], number: NumberDefinition) -> Floats:
    """Say which actions a number counts; shape (A,)."""
    return np.array(
        [
            any(
                number.treatment in (None, part.name)
                and number.strategy in (None, part.strategy)
                and number.channel in (None, channel)
                for part, channel in zip(action.treatments, action.channels, strict=True)
            )
            for action in actions
        ],
        dtype=np.float64,
    )


def _fairness(candidates: Candidates, limits: Limits) -> Iterator[Coupling]:
    titles = {name: name for fair in limits.definition.fairness for name in fair.treatments}
    titles |= {part.name: part.title for action in candidates.actions for part in action.treatments}
    for fair in limits.definition.fairness:
        columns = np.array(
            [
                not fair.treatments or any(one.name in fair.treatments for one in action.treatments)
                for action in candidates.actions
            ],
            dtype=np.float64,
        )
        codes, names = candidates.groups[fair.by]
        may = (candidates.why[:, columns > 0] == 0).any(axis=1)
        for code, name in enumerate(names):
            rows = codes == code
            could = int((rows & may).sum())
            if could:
                least = float(np.ceil(fair.least * could - 1e-9))
                which = f" by {' or '.join(titles[one] for one in fair.treatments)}" if fair.treatments else ""
                yield Coupling(
                    f"{fair.by} {name}",
                    f"at least {fair.least * 100:g} % of the {could:,} customers of {plainly(fair.by)} {name} who may be "
                    f"treated{which}",
                    "customers",
                    -1,
                    least,
                    columns,
                    rows,
                    group=(fair.by, name),
                )
