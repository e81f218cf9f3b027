"""What is under way: treatments that have begun, their contacts that are due, and those that are not to come any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from smalti.facts import DAY, format_duration, format_instant, parse_duration
from smalti.strategy.candidates import Contact, Pending, UnderWay
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import bars
from smalti.strategy.permits.agenda import Agenda
from smalti.strategy.permits.apart import excluding, too_near
from smalti.strategy.permits.beginnings import Begun, begun, last_touch
from smalti.strategy.permits.grounds import Grounds
from smalti.strategy.permits.settling import settle
from smalti.strategy.permits.stretches import LONG_AGO, NEVER
from smalti.strategy.treatments import Step, Treatment


@dataclass(frozen=True, eq=False)
class Answers:
    """What the rules of treatments answer as of the instant of the plan; each of shape (n,), unknown is no.

    Attributes:
        stopped: By treatment that something ends, for whom it has ended.
        conditions: By treatment and step that has a condition, of whom it is true. A condition that is not here is not
            known: the step is not continued.
        costs: By treatment and step, what the contact costs, minor units: of each customer, or one for all; left out,
            nothing.
    """

    stopped: Mapping[str, Booleans] = field(default_factory=dict)
    conditions: Mapping[tuple[str, int], Booleans] = field(default_factory=dict)
    costs: Mapping[tuple[str, int], Floats | float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Dropped:
    """Steps that were due and are not to come, each with what ends them.

    Attributes:
        rows: Whose they are; shape (m,).
        contacts: Which contact each is; m of them.
        why: Why, as places in `BARS`; shape (m,).
    """

    rows: Integers
    contacts: tuple[Contact, ...]
    why: Integers


@dataclass(frozen=True, eq=False)
class Continued:
    """What earlier plans began.

    Attributes:
        due: The contacts that are due by the end of the plan, at the instants when they can be.
        pending: The same and those that may follow after the end of the plan: what new contacts must keep clear of.
        dropped: The contacts that would be due and are not to come.
    """

    due: UnderWay
    pending: Pending
    dropped: Dropped


def under_way(treatments: Sequence[Treatment], limits: Limits, grounds: Grounds, answers: Answers) -> Continued:
    """Find the contacts that earlier plans began and that are to come.

    A treatment is under way for a customer from its first contact to its last. A step comes when its delay since then
    is over, if its condition is true, nothing has ended the treatment, and she may still be contacted; quiet hours and
    frequency move it to later. One that was due longer before the plan begins than the plan is long comes no more. A
    step that does not come does not end the treatment: the one after it has a condition of its own. What is due after
    the end of the plan is pending whatever its condition says now.

    Args:
        treatments: The treatments there are.
        limits: What a plan must respect.
        grounds: What is known of the customers; `pending` is not looked at.
        answers: What the rules answer.
    """
    found = [
        _steps_of(treatment, step, past, limits, grounds, answers)
        for treatment, past in ((one, begun(one, grounds.history, grounds.count, grounds.at)) for one in treatments)
        for step in treatment.steps
    ]
    kinds = tuple(one.contact for one in found)
    rows = _joined([one.rows for one in found])
    why = _joined([one.why for one in found])
    codes = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
    due = _joined([one.due for one in found])
    length = grounds.until - grounds.at
    dropped = np.flatnonzero((why != 0) & (due < grounds.until) & (due >= grounds.at - 2 * length))
    kept = np.flatnonzero(why == 0)
    agenda = Agenda.of(limits, grounds.clocks, grounds.zone, grounds.at, grounds.history)
    settled = settle(agenda, rows[kept], kinds, codes[kept], np.maximum(due[kept], grounds.at))
    order = np.lexsort((codes[kept], settled, rows[kept]))
    order = order[settled[order] < NEVER]
    kept, settled = kept[order], settled[order]
    names = tuple(dict.fromkeys(kind.treatment for kind in kinds))
    of_treatment = np.array([names.index(kind.treatment) for kind in kinds], dtype=np.int64)
    clear = ~too_near(rows[kept], settled, names, of_treatment[codes[kept]], limits)
    kept, settled = kept[clear], settled[clear]
    now = settled < grounds.until
    return Continued(
        UnderWay(
            rows[kept[now]],
            tuple(kinds[code] for code in codes[kept[now]]),
            settled[now],
            np.array(
                [found[code].cost[row] for code, row in zip(codes[kept[now]], rows[kept[now]], strict=True)],
                dtype=float,
            ),
            tuple(found[codes[place]].reason(int(rows[place])) for place in kept[now].tolist()),
        ),
        Pending(rows[kept], tuple(kinds[code] for code in codes[kept]), settled),
        Dropped(rows[dropped], tuple(kinds[code] for code in codes[dropped]), why[dropped]),
    )


@dataclass(frozen=True, eq=False)
class _Steps:
    """One step of one treatment, of all for whom it is still to come."""

    contact: Contact
    rows: Integers
    due: Integers
    why: Integers
    cost: Floats
    began: Integers

    def reason(self, row: int) -> str:
        """Say why it is due."""
        when = format_instant(int(self.began[row]) // DAY * DAY)
        return f"step {self.contact.step}, {format_duration(self.contact.delay)} after the first contact of {when}"


def _steps_of(
    treatment: Treatment, step: Step, past: Begun, limits: Limits, grounds: Grounds, answers: Answers
) -> _Steps:
    definition = step.definition
    contact = Contact(
        treatment.name, step.place, definition.channel, treatment.purpose, step.delay, step.message, definition.reach
    )
    rows = np.flatnonzero((past.began > LONG_AGO) & (past.done < step.place))
    due = past.began[rows] + step.delay
    why = np.zeros(len(rows), dtype=np.int64)

    def bar(code: int, mask: Booleans) -> None:
        why[(why == 0) & mask] = code

    everyone, nobody = ~grounds.nobody, grounds.nobody
    condition = nobody if step.condition is not None else everyone
    others = excluding(limits, {treatment.name})
    apart = parse_duration(limits.definition.apart)
    bar(bars.SUPPRESSED, (nobody if grounds.suppressed is None else grounds.suppressed)[rows])
    bar(bars.HELD_OUT, grounds.held_out.get(treatment.name, nobody)[rows])
    bar(bars.OTHER_ARM, grounds.elsewhere.get(treatment.name, nobody)[rows])
    bar(bars.STOPPED, answers.stopped.get(treatment.name, nobody)[rows])
    soon = due < grounds.until
    bar(bars.NOT_MET, soon & ~answers.conditions.get((treatment.name, step.place), condition)[rows])
    bar(bars.TOO_LATE, due < grounds.at - (grounds.until - grounds.at))
    if others:
        touched = last_touch(others, grounds.history, grounds.count, grounds.at)[rows]
        bar(bars.EXCLUSIVE, touched + apart > np.maximum(due, grounds.at))
    bar(bars.NO_ADDRESS, ~grounds.address.get(contact.channel, nobody)[rows])
    bar(bars.NO_CONSENT, ~grounds.agreed.get(contact.channel, nobody)[rows])
    cost = np.broadcast_to(answers.costs.get((treatment.name, step.place), 0.0), (grounds.count,))
    return _Steps(contact, rows, due, why, cost, past.began)


def _joined(parts: Sequence[Integers]) -> Integers:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts]).astype(np.int64)
