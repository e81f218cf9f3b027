"""Making a plan: what is under way first, what is drawn next, then the best for all others, then days and hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from smalti.errors import PlanError
from smalti.strategy.candidates import Candidates, Codes
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats
from smalti.strategy.permits import BARS, Grounds, Money, audit
from smalti.strategy.plan.changing import changes
from smalti.strategy.plan.contacting import contacts_of, gate_table
from smalti.strategy.plan.coupling import Coupling, budgets_of, couplings_of
from smalti.strategy.plan.lots import Lots, chances, lots_of, salt_of
from smalti.strategy.plan.made import CHOSEN, Before, LimitUse, Plan
from smalti.strategy.plan.ongoing import within_limits
from smalti.strategy.plan.optimising import Best, best_of
from smalti.strategy.plan.pricing import at, best_two, weighed_gains, with_bonus
from smalti.strategy.plan.scheduling import Scheduled, schedule
from smalti.strategy.plan.timetable import NOT_DUE

NO_MONEY = [bar.name for bar in BARS].index("no money")


def make_plan(
    candidates: Candidates,
    limits: Limits,
    *,
    before: Before | None = None,
    gate: Grounds | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Plan:
    """Make the plan.

    What is under way takes its part of the limits first, what is drawn by lot next; for all others the best is found together.
    Then contacts get their days and hours; whom no day can carry is offered her next best that fits. The last gate asks of
    every contact once more whether it may be: a customer of whose contacts one may not gets none.

    Args:
        candidates: All that it is made from.
        limits: What it must respect.
        before: The plan before, for telling what changed.
        gate: What is known of the customers, by which the last gate judges; None takes what candidates tell for granted.
        seed: What draws and ties go by. Same candidates, limits and seed: the same plan.
        threads: How many threads look for the best; None takes as many as there are cores. The plan does not depend on it.

    Raises:
        PlanError: The limits contradict each other; the smallest set of them that does is named.
    """
    candidates, unpaid = within_limits(_without_the_unpayable(candidates, limits), limits)
    couplings = couplings_of(candidates, limits)
    may = candidates.why == 0
    salt = salt_of(seed, candidates.at)
    lots = lots_of(candidates.customers, may & drawable(candidates), limits.definition.explore, salt, couplings)
    plain = weighed_gains(candidates)
    values = with_bonus(plain.copy(), candidates.before, candidates.keep) if candidates.keep > 0 else plain
    lots, best = _best(plain, candidates, couplings, lots, seed=seed, threads=threads)
    priced = best.priced(values, couplings)
    wanted = np.where(lots.drawn, lots.choice, best.choice)
    scheduled = schedule(candidates, limits, couplings, wanted, lots.drawn, values, priced)
    scheduled, removed = _through(gate, candidates, limits, scheduled)
    found = _Found(candidates, limits, couplings, lots, best, plain, values, priced, scheduled, unpaid)
    return _told(found, salt, before, removed)


def _best(
    values: Floats,
    candidates: Candidates,
    couplings: Sequence[Coupling],
    lots: Lots,
    *,
    seed: int,
    threads: int | None,
) -> tuple[Lots, Best]:
    """Find the best for all whose treatment is not drawn; where lots leave no way to keep the limits, nobody's is drawn."""
    try:
        return lots, best_of(values, candidates, couplings, lots, seed=seed, threads=threads)
    except PlanError:
        if not lots.drawn.any():
            raise
        none = replace(lots, share=0.0, drawn=np.zeros_like(lots.drawn), choice=np.full_like(lots.choice, -1))
        return none, best_of(values, candidates, couplings, none, seed=seed, threads=threads)


@dataclass(frozen=True, eq=False)
class _Found:
    """All that was found on the way."""

    candidates: Candidates
    limits: Limits
    couplings: Sequence[Coupling]
    lots: Lots
    best: Best
    plain: Floats
    values: Floats
    priced: Floats
    scheduled: Scheduled
    unpaid: int

    @property
    def fixed(self) -> dict[str, float]:
        """What doing the treatments that are used costs, by treatment."""
        places = np.unique(self.scheduled.choice[self.scheduled.choice >= 0]).tolist()
        used = {part.name for place in places for part in self.candidates.actions[place].treatments}
        return {name: cost for name, cost in self.candidates.gains.fixed.items() if name in used and cost > 0}


def _told(found: _Found, salt: str, before: Before | None, removed: int) -> Plan:
    candidates, lots, scheduled = found.candidates, found.lots, found.scheduled
    choice = scheduled.choice
    first, second = best_two(found.priced)
    best = np.where(at(found.priced, first) > 0, first, -1)
    fixed = found.fixed
    drawn_value = float(at(found.plain, np.where(lots.drawn, choice, -1)).sum())
    value = float(at(found.plain, choice).sum()) - sum(fixed.values())
    plan = Plan(
        candidates=candidates,
        limits=found.limits,
        until=candidates.at + found.limits.definition.window,
        choice=choice,
        chosen=_chosen(found),
        probability=chances(best, choice, (candidates.why == 0) & drawable(candidates), lots.share, lots.drawn),
        runner_up=np.where(first == choice, second, first),
        best=best,
        contacts=contacts_of(candidates, choice, scheduled.due, scheduled.begins, scheduled.continued),
        uses=_uses(found, fixed),
        value=value,
        bound=float(max(found.best.bound + drawn_value, value)),
        explored=lots.drawn,
        explore=lots.share,
        salt=salt,
        fixed=fixed,
        removed=removed,
        moved=int(scheduled.moved.sum()),
        before=before,
        notes=_notes(found, removed),
        priced=found.priced,
        full=scheduled.moved,
    )
    return plan if before is None else replace(plan, **changes(plan, before))


def drawable(candidates: Candidates) -> Booleans:
    """Say which actions may be drawn by lot: those that cost nothing to do at all; shape (A,)."""
    fixed = candidates.gains.fixed
    return np.array(
        [not any(fixed.get(part.name, 0.0) > 0 for part in one.treatments) for one in candidates.actions],
        dtype=np.bool_,
    )


def _chosen(found: _Found) -> Codes:
    """Say why each customer got what she got."""
    choice, candidates = found.scheduled.choice, found.candidates
    codes = np.where(choice >= 0, CHOSEN.index("best"), CHOSEN.index("none"))
    if candidates.keep > 0:
        bare = _without_bonus(found)
        rivals = best_two(bare)[0]
        kept = (choice >= 0) & (choice == candidates.before) & ((rivals != choice) | (at(bare, choice) <= 0))
        codes = np.where(kept, CHOSEN.index("kept"), codes)
    codes = np.where(found.lots.drawn & (choice >= 0), CHOSEN.index("explored"), codes)
    return codes.astype(np.int8)


def _without_bonus(found: _Found) -> Floats:
    """Give what is left once limits are paid for, without the bonus of what was planned before; shape (n, A)."""
    priced = found.priced.copy()
    before = found.candidates.before
    rows = np.flatnonzero((before >= 0) & np.isfinite(at(found.values, before)))
    priced[rows, before[rows]] -= found.values[rows, before[rows]] - found.plain[rows, before[rows]]
    return priced


def _uses(found: _Found, fixed: dict[str, float]) -> tuple[LimitUse, ...]:
    return tuple(
        LimitUse(
            name=one.name,
            about=one.about,
            unit=one.unit,
            least=one.amount if one.sign < 0 else None,
            most=one.amount if one.sign > 0 else None,
            used=one.taken + one.used(found.scheduled.choice) + sum(fixed.get(name, 0.0) for name in one.treatments),
            price=float(found.best.prices.get(one.name, 0.0)),
            columns=one.columns,
            segment=one.segment,
            group=one.group,
            sign=one.sign,
        )
        for one in found.couplings
    )


def _notes(found: _Found, removed: int) -> tuple[str, ...]:
    asked, share = found.limits.definition.explore, found.lots.share
    lost = int((found.scheduled.continued < 0).sum())
    told = [
        f"limits leave room to draw for {100 * share:.3g} % of customers, not for {100 * asked:.3g} %"
        if share < asked
        else "",
        f"{found.unpaid:,} contacts that earlier plans began are more than limits allow, and do not come"
        if found.unpaid
        else "",
        f"{lost:,} contacts that earlier plans began find no day within the limits" if lost else "",
        f"the last gate took back the contacts of {removed:,} customers" if removed else "",
        *(
            f"{one.name}: {one.used(found.scheduled.choice) + one.taken:,.0f}, for days are too full for more"
            for one in found.couplings
            if one.sign < 0 and one.used(found.scheduled.choice) + one.taken < one.amount
        ),
    ]
    return (*found.candidates.notes, *(note for note in told if note))


def _through(
    gate: Grounds | None, candidates: Candidates, limits: Limits, scheduled: Scheduled
) -> tuple[Scheduled, int]:
    """Ask the last gate, and take back all contacts of customers of whose contacts one may not be."""
    if gate is None:
        return scheduled, 0
    contacts = contacts_of(candidates, scheduled.choice, scheduled.due, scheduled.begins, scheduled.continued)
    treatments = tuple({part.name: part for action in candidates.actions for part in action.treatments}.values())
    money = Money(candidates.budgets, candidates.spent)
    found = audit(gate_table(candidates, contacts, candidates.gains.fixed), treatments, limits, gate, money)
    wrong = np.unique(np.array([one.row for one in found], dtype=np.int64))
    if not len(wrong):
        return scheduled, 0
    choice, due, continued = scheduled.choice.copy(), scheduled.due.copy(), scheduled.continued.copy()
    choice[wrong], due[wrong] = -1, NOT_DUE
    continued[np.isin(candidates.underway.rows, wrong)] = NOT_DUE
    return replace(scheduled, choice=choice, due=due, continued=continued), len(wrong)


def _without_the_unpayable(candidates: Candidates, limits: Limits) -> Candidates:
    """Bar the actions of treatments whose cost of doing them at all no budget can pay."""
    if not candidates.gains.fixed:
        return candidates
    couplings = list(budgets_of(candidates, limits))
    dear = {
        name
        for one in couplings
        for name in one.treatments
        if candidates.gains.fixed.get(name, 0.0) > max(one.amount - one.taken, 0.0)
    }
    barred = [
        place for place, one in enumerate(candidates.actions) if any(part.name in dear for part in one.treatments)
    ]
    if not barred:
        return candidates
    why = candidates.why.copy()
    why[:, barred] = np.where(why[:, barred] == 0, NO_MONEY, why[:, barred])
    return replace(candidates, why=why)
