"""The last gate, for all contacts of a plan at once: what `law` says of one customer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Instant, next_start, parse_duration, start_of
from smalti.strategy.limits import BudgetDefinition, Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import bars
from smalti.strategy.permits.agenda import Agenda, of_kinds
from smalti.strategy.permits.apart import excluding, too_near
from smalti.strategy.permits.beginnings import begun, last_touch
from smalti.strategy.permits.grounds import Grounds
from smalti.strategy.permits.law import Money, Violation
from smalti.strategy.permits.permitting import dates_of, once_more
from smalti.strategy.permits.planned import PlannedContacts
from smalti.strategy.timing import is_quiet
from smalti.strategy.treatments import Treatment

_Found: TypeAlias = Iterator[tuple[int, Booleans]]


def audit(
    contacts: pa.Table, treatments: Sequence[Treatment], limits: Limits, grounds: Grounds, money: Money | None = None
) -> tuple[Violation, ...]:
    """Find all contacts of a plan that must not be, whatever made the plan.

    Every contact must be to a customer who has an address on its channel and has agreed to it, is not suppressed, not
    held out and not drawn into another arm; outside her quiet hours; with no more contacts in any stretch of time than
    may be, those there have been counted; and not too soon after another treatment that excludes it. A first contact
    must begin a treatment that she is eligible for, within its dates and the plan, after its trigger, not too soon
    after the last time, and together with others only as a bundle. Of contacts within the plan that are beyond what a
    channel carries in a day or in all, of beginnings beyond what a treatment is for, and of costs beyond a budget, the
    later ones in the table are found: without what is found, all limits hold.

    Args:
        contacts: The contacts, what is under way among them, with the columns of `CONTACTS`; the most valuable first
            where some may be too many. A channel that is null contacts nobody.
        treatments: The treatments there are.
        limits: What a plan must respect.
        grounds: What is known of the customers; `pending` is not looked at.
        money: What budgets allow; None where they are not looked at.

    Returns:
        The violations, by contact and bar; a contact may break several.

    Raises:
        KeyError: A contact is of a treatment that there is not.
    """
    planned = PlannedContacts.read(contacts)
    known = {one.name: one for one in treatments}
    found = []
    for why, mask in (
        *_to_her(planned, grounds),
        *_beginning(planned, known, grounds),
        *_together(planned, limits),
        *_often(planned, limits, grounds),
        *_quiet(planned, limits, grounds),
        *_exclusive(planned, limits, grounds),
        *_days(planned, limits, grounds),
        *_numbers(planned, known),
        *_budgets(planned, known, limits, grounds, money or Money()),
    ):
        found += [Violation(place, why, int(planned.rows[place])) for place in np.flatnonzero(mask).tolist()]
    return tuple(sorted(set(found)))


def _to_her(planned: PlannedContacts, grounds: Grounds) -> _Found:
    """Ask whether customers may be contacted by these treatments and channels at all."""
    for treatment in planned.treatments:
        mine = planned.of(treatment)
        for why, masks in ((bars.HELD_OUT, grounds.held_out), (bars.OTHER_ARM, grounds.elsewhere)):
            if treatment in masks:
                yield why, mine & masks[treatment][planned.rows]
    for channel in planned.channels:
        mine = planned.by(channel)
        if grounds.suppressed is not None:
            yield bars.SUPPRESSED, mine & grounds.suppressed[planned.rows]
        yield bars.NO_ADDRESS, mine & ~grounds.address.get(channel, grounds.nobody)[planned.rows]
        yield bars.NO_CONSENT, mine & ~grounds.agreed.get(channel, grounds.nobody)[planned.rows]


def _beginning(planned: PlannedContacts, known: dict[str, Treatment], grounds: Grounds) -> _Found:
    """Ask whether treatments may begin for customers at these instants."""
    rows, due = planned.rows, planned.due
    for name in planned.treatments:
        treatment = known[name]
        mine = planned.of(name) & planned.first
        yield bars.NOT_ELIGIBLE, mine & ~grounds.eligible.get(name, grounds.nobody)[rows]
        low, high = dates_of(treatment, grounds.zone)
        low, high = (
            max(low or grounds.at, grounds.at),
            min(grounds.until - 1 if high is None else high, grounds.until - 1),
        )
        yield bars.OUT_OF_DATES, mine & ((due < low) | (due > high))
        if treatment.definition.trigger is not None:
            late = ~grounds.begins.get(name, grounds.nobody)[rows]
            if name in grounds.moments:
                since, until = grounds.moments[name]
                late |= (due < since[rows]) | (due > until[rows])
            yield bars.NOT_TRIGGERED, mine & late
        since = once_more(treatment, begun(treatment, grounds.history, grounds.count, grounds.at).began)
        yield bars.HAD_ALREADY, mine & (due < since[rows])


def _together(planned: PlannedContacts, limits: Limits) -> _Found:
    """Ask whether what begins together for one customer is a bundle."""
    order = planned.by_time(np.flatnonzero(planned.first))
    again = np.zeros(len(planned.rows), dtype=np.bool_)
    rows = planned.rows[order]
    if not len(order) or not (rows[1:] == rows[:-1]).any():
        return
    again[order[1:]] = rows[1:] == rows[:-1]
    names = planned.treatments
    name = np.array([names.index(kind.treatment) for kind in planned.kinds], dtype=np.int64)[planned.codes]
    people, line = np.unique(rows, return_inverse=True)
    has = np.zeros((len(people), len(names)), dtype=np.bool_)
    has[line, name[order]] = True
    bundled = np.zeros(len(people), dtype=np.bool_)
    for bundle in limits.definition.bundles:
        bundled |= ~has[:, [one not in bundle for one in names]].any(axis=1)
    twice = np.zeros(len(planned.rows), dtype=np.bool_)
    same = order[np.lexsort((np.arange(len(order)), name[order], rows))]
    twice[same[1:]] = (planned.rows[same[1:]] == planned.rows[same[:-1]]) & (name[same[1:]] == name[same[:-1]])
    allowed = np.zeros(len(planned.rows), dtype=np.bool_)
    allowed[order] = bundled[line]
    yield bars.NO_BUNDLE, again & (twice | ~allowed)


def _often(planned: PlannedContacts, limits: Limits, grounds: Grounds) -> _Found:
    """Ask whether any stretch of time that ends with a contact holds too many."""
    agenda = Agenda.of(limits, grounds.clocks, grounds.zone, grounds.at, grounds.history)
    counts = of_kinds(agenda.rules, planned.kinds)[:, planned.codes]
    counts &= planned.reaching
    for place, rule in enumerate(agenda.rules):
        past, mine = np.flatnonzero(agenda.counts[place]), np.flatnonzero(counts[place])
        if not len(mine):
            continue
        rows = np.concatenate([agenda.rows[past], planned.rows[mine]])
        when = np.concatenate([agenda.instants[past], planned.due[mine]])
        order = np.lexsort((when, rows))
        rows, when = rows[order], when[order]
        change = np.flatnonzero((rows[1:] != rows[:-1]) | (when[1:] != when[:-1]))
        last = np.append(change, len(rows) - 1)[np.searchsorted(change, np.arange(len(rows)))]
        other = np.maximum(last - rule.most, 0)
        full = (last >= rule.most) & (rows[other] == rows) & (when[other] > when - rule.window)
        found = np.zeros(len(planned.rows), dtype=np.bool_)
        own = order >= len(past)
        found[mine[order[own] - len(past)]] = full[own]
        yield bars.TOO_OFTEN, found


def _quiet(planned: PlannedContacts, limits: Limits, grounds: Grounds) -> _Found:
    """Ask whether customers' clocks show quiet hours."""
    for channel in planned.channels:
        mine = np.flatnonzero(planned.by(channel))
        found = np.zeros(len(planned.rows), dtype=np.bool_)
        clocks = grounds.clocks.take(planned.rows[mine])
        found[mine] = is_quiet(planned.due[mine], clocks, limits.definition.quiet, channel, grounds.zone)
        yield bars.QUIET, found


def _exclusive(planned: PlannedContacts, limits: Limits, grounds: Grounds) -> _Found:
    """Ask whether another treatment of an exclusive set was not long ago."""
    apart = parse_duration(limits.definition.apart)
    names = planned.treatments
    codes = np.array([names.index(kind.treatment) for kind in planned.kinds], dtype=np.int64)[planned.codes]
    yield bars.EXCLUSIVE, too_near(planned.rows, planned.due, names, codes, limits)
    for name in names:
        if others := excluding(limits, {name}):
            touched = last_touch(others, grounds.history, grounds.count, grounds.at)[planned.rows]
            yield bars.EXCLUSIVE, planned.of(name) & (touched + apart > planned.due)


def _days(planned: PlannedContacts, limits: Limits, grounds: Grounds) -> _Found:
    """Ask whether channels carry so many contacts on a day, and in all."""
    within = planned.due < grounds.until
    today = start_of("day", grounds.at, grounds.zone)
    for channel, capacity in limits.definition.channels:
        mine = np.flatnonzero(within & planned.by(channel))
        found = np.zeros(len(planned.rows), dtype=np.bool_)
        if capacity.in_all is not None:
            found[mine[capacity.in_all :]] = True
        if capacity.per_day is not None and len(mine):
            day = np.searchsorted(_starts("day", planned.due[mine], grounds.zone), planned.due[mine], side="right")
            had = pc.and_(pc.equal(grounds.history["channel"], channel), pc.greater_equal(grounds.history["at"], today))
            had = pc.and_(had, pc.less_equal(grounds.history["at"], grounds.at))
            before = np.where(
                planned.due[mine] < next_start("day", grounds.at, grounds.zone), pc.sum(had).as_py() or 0, 0
            )
            found[mine[_turn(day) + before >= capacity.per_day]] = True
        yield bars.CHANNEL_FULL, found


def _numbers(planned: PlannedContacts, known: dict[str, Treatment]) -> _Found:
    """Ask whether more begin than treatments are for."""
    for name in planned.treatments:
        most = known[name].definition.most
        if most is not None:
            found = np.zeros(len(planned.rows), dtype=np.bool_)
            found[np.flatnonzero(planned.of(name) & planned.first)[most:]] = True
            yield bars.TOO_MANY, found


def _budgets(
    planned: PlannedContacts, known: dict[str, Treatment], limits: Limits, grounds: Grounds, money: Money
) -> _Found:
    """Ask whether budgets reach."""
    for place, amount in enumerate(money.budgets):
        budget = limits.definition.budget[place]
        paid = [name for name in planned.treatments if _paid(budget, known[name])]
        mine = np.flatnonzero(planned.of(*paid))
        if not len(mine):
            continue
        cost = planned.cost[mine].copy()
        for name, fixed in money.fixed.items():
            begins = np.flatnonzero(planned.of(name)[mine] & planned.first[mine])[:1]
            cost[begins] += fixed
        spent = np.zeros(len(mine))
        period = np.zeros(len(mine), dtype=np.int64)
        if budget.per != "plan":
            starts = _starts(budget.per, planned.due[mine], grounds.zone)
            period = np.searchsorted(starts, planned.due[mine], side="right")
            now = planned.due[mine] < next_start(budget.per, grounds.at, grounds.zone)
            spent = np.where(now, money.spent[place] if money.spent else 0.0, 0.0)
        elif money.spent:
            spent += money.spent[place]
        found = np.zeros(len(planned.rows), dtype=np.bool_)
        found[mine] = (cost > 0) & (_running(period, cost) + spent > amount + 0.5)
        yield bars.NO_MONEY, found


def _paid(budget: BudgetDefinition, treatment: Treatment) -> bool:
    """Say whether a treatment is paid from a budget."""
    by_name = not budget.treatments or treatment.name in budget.treatments
    return by_name and (not budget.strategies or treatment.strategy in budget.strategies)


def _starts(unit: str, instants: Integers, zone: str) -> Integers:
    """Give when the units of the calendar begin in which instants lie."""
    starts: list[Instant] = [start_of(unit, int(instants.min()), zone)]
    while starts[-1] <= int(instants.max()):
        starts.append(next_start(unit, starts[-1], zone))
    return np.array(starts, dtype=np.int64)


def _turn(groups: Integers) -> Integers:
    """Give how many of the same group come before each; shape as given."""
    order = np.argsort(groups, kind="stable")
    _, first, count = np.unique(groups[order], return_index=True, return_counts=True)
    turn = np.empty(len(groups), dtype=np.int64)
    turn[order] = np.arange(len(groups)) - np.repeat(first, count)
    return turn


def _running(groups: Integers, values: Floats) -> Floats:
    """Give the running sum within each group."""
    found = np.empty(len(values))
    for group in np.unique(groups):
        mine = groups == group
        found[mine] = np.cumsum(values[mine])
    return found
