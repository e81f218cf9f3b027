"""The law of the last gate, written slowly and obviously: one customer after the other, one contact after the other.

Nothing here is shared with what makes plans: clocks are read from the zone's own rules, stretches of time are counted out.
`auditing` answers the same for a million customers; tests hold it to this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa

from smalti.facts import Instant, next_start, parse_duration, start_of
from smalti.strategy.limits import BudgetDefinition, Limits, LimitsDefinition, QuietDefinition
from smalti.strategy.permits import bars
from smalti.strategy.permits.grounds import Grounds
from smalti.strategy.treatments import Treatment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, order=True)
class Violation:
    """One contact that must not be.

    Attributes:
        contact: Its place in the table of contacts.
        why: Why, as a place in `BARS`.
        row: Whose it is.

    >>> Violation(contact=3, why=bars.NO_CONSENT, row=0).reason
    'no consent'
    """

    contact: int
    why: int
    row: int

    @property
    def reason(self) -> str:
        """What it breaks, as published."""
        return bars.BARS[self.why].name


@dataclass(frozen=True)
class Money:
    """What budgets allow, in minor units.

    Attributes:
        budgets: By the position of a budget in the limits, its amount.
        spent: By the position of a budget, what its calendar period has cost already.
        fixed: By treatment, what doing it at all costs.
    """

    budgets: tuple[float, ...] = ()
    spent: tuple[float, ...] = ()
    fixed: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Planned:
    """One contact of a plan."""

    place: int
    row: int
    treatment: str
    step: int
    channel: str | None
    purpose: str | None
    due: Instant
    cost: float


@dataclass(frozen=True)
class _Past:
    """One contact there has been."""

    at: Instant
    channel: str | None
    purpose: str | None
    treatment: str | None
    step: int | None


def audit_slowly(
    contacts: pa.Table, treatments: Sequence[Treatment], limits: Limits, grounds: Grounds, money: Money | None = None
) -> tuple[Violation, ...]:
    """Find all contacts of a plan that must not be; as `audit`, which says more."""
    planned = [
        _Planned(
            place,
            one["row"],
            one["treatment"],
            one["step"],
            one["channel"],
            one["purpose"],
            one["due"],
            one["cost"] or 0.0,
        )
        for place, one in enumerate(contacts.to_pylist())
    ]
    known = {one.name: one for one in treatments}
    past: dict[int, list[_Past]] = {}
    for one in grounds.history.to_pylist():
        if one["at"] <= grounds.at:
            past.setdefault(one["row"], []).append(
                _Past(one["at"], one["channel"], one["purpose"], one["treatment"], one.get("step"))
            )
    hers: dict[int, list[_Planned]] = {}
    for contact in planned:
        hers.setdefault(contact.row, []).append(contact)
    found = []
    for row, mine in hers.items():
        found += list(_of_customer(row, mine, past.get(row, []), known, limits, grounds))
    found += list(_of_days(planned, past, limits.definition, grounds))
    found += list(_of_numbers(planned, known))
    found += list(_of_budgets(planned, known, limits.definition, grounds, money or Money()))
    return tuple(sorted(set(found)))


def _of_customer(
    row: int,
    mine: Sequence[_Planned],
    past: Sequence[_Past],
    known: Mapping[str, Treatment],
    limits: Limits,
    grounds: Grounds,
) -> Iterator[Violation]:
    """Find what is wrong with the contacts of one customer."""
    for contact in mine:
        whys = [
            *_to_her(row, contact, grounds),
            *(
                _beginning(row, contact, mine, past, known[contact.treatment], limits, grounds)
                if contact.step == 1
                else ()
            ),
            *(_at_that_time(row, contact, mine, past, limits, grounds) if contact.channel is not None else ()),
            *_apart(contact, mine, past, limits.definition),
        ]
        for why in whys:
            yield Violation(contact.place, why, row)


def _to_her(row: int, contact: _Planned, grounds: Grounds) -> Iterator[int]:
    """Ask whether she may be contacted by this treatment and channel at all."""
    if contact.treatment in grounds.held_out and grounds.held_out[contact.treatment][row]:
        yield bars.HELD_OUT
    if contact.treatment in grounds.elsewhere and grounds.elsewhere[contact.treatment][row]:
        yield bars.OTHER_ARM
    if contact.channel is None:
        return
    if grounds.suppressed is not None and grounds.suppressed[row]:
        yield bars.SUPPRESSED
    if contact.channel not in grounds.address or not grounds.address[contact.channel][row]:
        yield bars.NO_ADDRESS
    if contact.channel not in grounds.agreed or not grounds.agreed[contact.channel][row]:
        yield bars.NO_CONSENT


def _beginning(
    row: int,
    contact: _Planned,
    mine: Sequence[_Planned],
    past: Sequence[_Past],
    treatment: Treatment,
    limits: Limits,
    grounds: Grounds,
) -> Iterator[int]:
    """Ask whether the treatment may begin for her at that instant."""
    name, due = treatment.name, contact.due
    if name not in grounds.eligible or not grounds.eligible[name][row]:
        yield bars.NOT_ELIGIBLE
    late = treatment.on is not None and due >= next_start("day", treatment.on, grounds.zone)
    early = (treatment.start is not None and due < treatment.start) or (treatment.on is not None and due < treatment.on)
    if early or late or (treatment.end is not None and due >= treatment.end) or not grounds.at <= due < grounds.until:
        yield bars.OUT_OF_DATES
    if treatment.definition.trigger is not None:
        happened = name in grounds.begins and grounds.begins[name][row]
        since, until = grounds.moments.get(name, (None, None))
        in_time = since is None or until is None or since[row] <= due <= until[row]
        if not happened or not in_time:
            yield bars.NOT_TRIGGERED
    began = _began(treatment, past)
    if began is not None and not _again(treatment, began, due):
        yield bars.HAD_ALREADY
    begun = {one.treatment for one in mine if one.step == 1}
    bundles = [set(names) for names in limits.definition.bundles]
    before = [one.treatment for one in mine if one.step == 1 and (one.due, one.place) < (due, contact.place)]
    if before and (name in before or not any(begun <= names for names in bundles)):
        yield bars.NO_BUNDLE


def _began(treatment: Treatment, past: Sequence[_Past]) -> Instant | None:
    """Give when a treatment last began for her, by `beginnings.begun`'s account of what a touch without a step is."""
    began, done = None, 0
    delays = {1: 0} | {step.place: step.delay for step in treatment.steps}
    for one in sorted(
        (one for one in past if one.treatment == treatment.name), key=lambda one: (one.at, one.step or 0)
    ):
        over = began is None or done >= len(delays) or one.at > began + delays[len(delays)] + parse_duration("7 days")
        step = min(one.step or 0, len(delays)) if (one.step or 0) > 0 else (1 if over else done + 1)
        if step == 1 or began is None:
            began, done = one.at - delays[step], step
        else:
            done = max(done, step)
    return began


def _again(treatment: Treatment, began: Instant, due: Instant) -> bool:
    """Say whether a treatment may begin once more."""
    if treatment.again is not None:
        return due >= began + treatment.again
    if treatment.definition.trigger is not None:
        return False
    return treatment.on is None or began < treatment.on


def _at_that_time(
    row: int, contact: _Planned, mine: Sequence[_Planned], past: Sequence[_Past], limits: Limits, grounds: Grounds
) -> Iterator[int]:
    """Ask whether she may be contacted just then."""
    definition = limits.definition
    every = [(one.at, one.channel, one.purpose) for one in past]
    every += [(one.due, one.channel, one.purpose) for one in mine if one.channel is not None]
    for rule in definition.frequency:
        if rule.channel in (None, contact.channel) and rule.purpose in (None, contact.purpose):
            together = [
                when
                for when, channel, purpose in every
                if rule.channel in (None, channel)
                and rule.purpose in (None, purpose)
                and contact.due - rule.window < when <= contact.due
            ]
            if len(together) > rule.most:
                yield bars.TOO_OFTEN
                break
    zones = grounds.zones
    zone = None if zones is None else zones[row]
    name = zone.as_py() if isinstance(zone, pa.Scalar) else zone
    if quiet_then(contact.due, contact.channel, definition.quiet, name, grounds.zone):
        yield bars.QUIET


def _apart(
    contact: _Planned, mine: Sequence[_Planned], past: Sequence[_Past], definition: LimitsDefinition
) -> Iterator[int]:
    """Ask whether another treatment of an exclusive set was not long ago."""
    apart = parse_duration(definition.apart)
    for names in definition.exclusive:
        if contact.treatment in names:
            touched = [one.at for one in past if one.treatment in names and one.treatment != contact.treatment]
            touched += [
                one.due
                for one in mine
                if one.treatment in names
                and one.treatment != contact.treatment
                and (one.due, one.place) < (contact.due, contact.place)
            ]
            if any(when + apart > contact.due for when in touched):
                yield bars.EXCLUSIVE
                break


def quiet_then(
    instant: Instant, channel: str | None, quiet: Sequence[QuietDefinition], zone: str | None, project_zone: str
) -> bool:
    """Say whether the clock of a customer shows quiet hours on a channel, by the zone's own rules.

    Args:
        instant: Microseconds UTC.
        channel: The channel.
        quiet: When customers are left in peace.
        zone: Her time zone; None, or one that there is not, for the project's.
        project_zone: The project's.

    >>> from smalti.facts import parse_instant
    >>> night = [QuietDefinition(start="21:00", end="8:00")]
    >>> quiet_then(parse_instant("2026-07-01T20:30Z"), "sms", night, "Europe/London", "UTC")
    True
    """
    rules = ZoneInfo(zone if zone is not None and zone in _places() else project_zone)
    clock = (_EPOCH + timedelta(microseconds=instant)).astimezone(rules)
    minute = clock.hour * 60 + clock.minute
    for one in quiet:
        if one.channels and channel not in one.channels:
            continue
        start, end = one.minutes
        at_night = start <= minute < end if start < end else (start != end and (minute >= start or minute < end))
        if at_night or _WEEKDAYS[clock.weekday()] in one.days:
            return True
    return False


@cache
def _places() -> frozenset[str]:
    """Give the zones of places; that of the machine is none, nor is the one that stands for no zone."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _of_days(
    planned: Sequence[_Planned], past: Mapping[int, Sequence[_Past]], definition: LimitsDefinition, grounds: Grounds
) -> Iterator[Violation]:
    """Find contacts within the plan beyond what channels carry: on one day of the project's zone, and in all."""
    for channel, capacity in definition.channels:
        today = start_of("day", grounds.at, grounds.zone)
        days = {today: sum(one.channel == channel and one.at >= today for hers in past.values() for one in hers)}
        in_all = 0
        for one in planned:
            if one.channel != channel or one.due >= grounds.until:
                continue
            day = start_of("day", one.due, grounds.zone)
            days[day] = days.get(day, 0) + 1
            in_all += 1
            full = capacity.per_day is not None and days[day] > capacity.per_day
            if full or (capacity.in_all is not None and in_all > capacity.in_all):
                yield Violation(one.place, bars.CHANNEL_FULL, one.row)


def _of_numbers(planned: Sequence[_Planned], known: Mapping[str, Treatment]) -> Iterator[Violation]:
    """Find beginnings beyond what treatments are for."""
    for name, treatment in known.items():
        firsts = [one for one in planned if one.treatment == name and one.step == 1]
        most = treatment.definition.most
        for one in firsts if most is None else firsts[most:]:
            if most is not None:
                yield Violation(one.place, bars.TOO_MANY, one.row)


def _of_budgets(
    planned: Sequence[_Planned],
    known: Mapping[str, Treatment],
    definition: LimitsDefinition,
    grounds: Grounds,
    money: Money,
) -> Iterator[Violation]:
    """Find contacts that cost more than there is."""
    for place, amount in enumerate(money.budgets):
        budget = definition.budget[place]
        spent = {start_of_period(budget, grounds.at, grounds.zone): money.spent[place] if money.spent else 0.0}
        fixed: set[str] = set()
        for one in planned:
            treatment = known[one.treatment]
            if budget.treatments and one.treatment not in budget.treatments:
                continue
            if budget.strategies and treatment.strategy not in budget.strategies:
                continue
            period = start_of_period(budget, one.due, grounds.zone)
            cost = one.cost
            if one.step == 1 and one.treatment not in fixed:
                fixed.add(one.treatment)
                cost += money.fixed.get(one.treatment, 0.0)
            spent[period] = spent.get(period, 0.0) + cost
            if cost > 0 and spent[period] > amount + 0.5:
                yield Violation(one.place, bars.NO_MONEY, one.row)


def start_of_period(budget: BudgetDefinition, instant: Instant, zone: str) -> Instant:
    """Give when the period of a budget that holds an instant begins; 0 of a plan."""
    return 0 if budget.per == "plan" else start_of(budget.per, instant, zone)
