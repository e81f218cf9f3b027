"""A plan in words: why this, why not the next, what changed; for a million customers at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, Type, format_duration
from smalti.strategy.candidates import Action
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import BARS
from smalti.strategy.plan.changing import BARRED, LESS, REASONS
from smalti.strategy.plan.coupling import plainly
from smalti.strategy.plan.made import CHOSEN, LimitUse, Plan
from smalti.strategy.plan.pricing import at, best_two, members
from smalti.strategy.playbook import Basis
from smalti.strategy.reasons import say_column

_GROUNDS: dict[Basis, str] = {"assumed": "assumed by", "modelled": "modelled by", "measured": "measured by"}
NOTHING_ELSE = "nothing else is there for her"
ALONE_BY_LOT = "left alone by lot, so that what treatments bring can be measured"


def effect_told(told: str, basis: Basis, by: str) -> str:
    """Say how an effect is known.

    >>> effect_told("it works on 3 % of those it is tried on", "assumed", "smalti's default")
    "it works on 3 % of those it is tried on (assumed by smalti's default)"
    """
    return f"{told} ({_GROUNDS[basis]} {by})"


def bar_told(code: int) -> str:
    """Say what stands against an action."""
    return BARS[code].sentence


@dataclass(frozen=True, eq=False)
class Wording:
    """What is said of every customer of a plan; all columns have n rows."""

    plan: Plan

    @property
    def _currency(self) -> Currency:
        return self.plan.candidates.currency

    @cached_property
    def _names(self) -> pa.Array:
        return pa.array([one.name for one in self.plan.candidates.actions], pa.string())

    @cached_property
    def _paid(self) -> Floats:
        """What the choices of customers pay for limits, minor units; shape (n,)."""
        plan = self.plan
        paying = np.zeros(len(plan.choice))
        for one in plan.uses:
            if one.price:
                takes = np.append(one.columns, 0.0)[plan.choice] * one.price * one.sign
                paying += np.where(members(one, plan.candidates), takes, 0.0)
        return paying

    @cached_property
    def _rival(self) -> Integers:
        """The action told as the next best: the runner-up, else the most promising of those that are barred; -1 for none."""
        plan = self.plan
        gains = plan.candidates.gains.gain
        if not gains.shape[1]:
            return plan.runner_up
        barred = np.where((plan.candidates.why != 0) & np.isfinite(gains), gains, -np.inf)
        return np.where(plan.runner_up >= 0, plan.runner_up, best_two(barred)[0])

    def reasons(self) -> pa.Array:
        """Say why each customer gets what she gets, or nothing."""
        plan = self.plan
        count = len(plan.choice)
        texts, rows = [], []
        for place, action in enumerate(plan.candidates.actions):
            mine = np.flatnonzero(plan.choice == place)
            if len(mine):
                texts.append(self._because(place, action, mine))
                rows.append(mine)
        for mine, text in self._nothing():
            texts.append(text)
            rows.append(mine)
        return _put(texts, rows, count)

    def _because(self, place: int, action: Action, rows: Integers) -> pa.Array:
        plan, gains = self.plan, self.plan.candidates.gains
        gain, cost = gains.gain[rows, place], gains.cost[rows, place]
        told = effect_told(gains.told[place], gains.basis[place], gains.by[place])
        lot, kept = CHOSEN.index("explored"), CHOSEN.index("kept")
        opening = pa.array(["", "drawn by lot to measure it; ", "kept from the plan before; "], pa.string())
        which = np.select([plan.chosen[rows] == lot, plan.chosen[rows] == kept], [1, 2], 0)
        paid = self._paid[rows]
        paying = pc.if_else(
            pa.array(paid > 0.5),
            pc.binary_join_element_wise(pa.scalar(", of which "), self._money(paid), pa.scalar(" pays for limits"), ""),
            pa.scalar(""),
        )
        return pc.binary_join_element_wise(
            opening.take(pa.array(which)),
            pa.scalar(f"{told}: "),
            self._money(gain + cost),
            pa.scalar(" expected for "),
            self._money(cost),
            pa.scalar(", a gain of "),
            self._money(gain),
            paying,
            "",
        )

    def _nothing(self) -> list[tuple[Integers, pa.Array]]:
        """Say why nothing is done to those to whom nothing is."""
        plan = self.plan
        none = plan.choice < 0
        lot = none & plan.explored
        full = none & plan.full & ~lot
        runner = plan.runner_up
        barred = none & (runner < 0) & ~lot & ~full
        loss = none & (runner >= 0) & (at(plan.candidates.gains.gain, runner) <= 0) & ~lot & ~full
        scarce = none & (runner >= 0) & ~lot & ~full & ~loss
        told: list[tuple[Booleans, Callable[[Integers], pa.Array]]] = [
            (lot, lambda rows: _same(ALONE_BY_LOT, rows)),
            (full, lambda rows: _same("no day within the plan could carry what was best for her", rows)),
            (barred, self._barred),
            (loss, lambda rows: self._rivals(rows, ", which does not pay for itself, and nothing possible does")),
            (scarce, self._scarce),
        ]
        return [(np.flatnonzero(mask), text(np.flatnonzero(mask))) for mask, text in told if mask.any()]

    def _rivals(self, rows: Integers, rest: str) -> pa.Array:
        rival = self._rival[rows]
        gain = at(self.plan.candidates.gains.gain[rows], rival)
        return pc.binary_join_element_wise(
            self._names.take(pa.array(rival)), pa.scalar(" would bring "), self._money(gain), pa.scalar(rest), ""
        )

    def _barred(self, rows: Integers) -> pa.Array:
        if not len(self._names):
            return _same("there is no treatment", rows)
        rival = self._rival[rows]
        why = at(self.plan.candidates.why[rows].astype(np.float64), rival).astype(np.int64)
        return pc.binary_join_element_wise(
            pa.scalar("nothing is possible; "), self._names.take(pa.array(rival)), pa.scalar(": "), _bars(why), ""
        )

    def _scarce(self, rows: Integers) -> pa.Array:
        dearest = pa.array([self._dearest(place) for place in range(len(self._names))], pa.string())
        rest = pc.binary_join_element_wise(
            pa.scalar(", but what it takes of "),
            dearest.take(pa.array(self._rival[rows])),
            pa.scalar(" brings more elsewhere"),
            "",
        )
        return pc.binary_join_element_wise(self._rivals(rows, ""), rest, "")

    def _dearest(self, place: int) -> str:
        """Name the limit for which an action pays most."""
        paid = [(one.sign * one.price * one.columns[place], _limit_told(one)) for one in self.plan.uses]
        most = max(paid, default=(0.0, ""), key=lambda one: one[0])
        return most[1] if most[0] > 0 else "the limits"

    def runner_ups(self) -> pa.Array:
        """Name the next best of each customer, null where there is nothing else."""
        if not len(self._names):
            return pa.nulls(len(self.plan.choice), pa.string())
        return self._names.take(pa.array(self._rival, mask=self._rival < 0))

    def why_not(self) -> pa.Array:
        """Say why the next best was not chosen: by how much it falls short, or what stands against it."""
        plan, rival = self.plan, self._rival
        count = len(rival)
        possible = plan.runner_up >= 0
        own = np.where(plan.choice >= 0, at(plan.priced, plan.choice), 0.0)
        own = np.where(np.isfinite(own), own, 0.0)
        other = at(plan.priced, plan.runner_up)
        less = np.where(possible & np.isfinite(other), own - other, 0.0)
        groups: list[tuple[Booleans, pa.Array]] = []
        behind = possible & (less >= 0)
        gain = at(plan.candidates.gains.gain, rival)
        expected = pc.binary_join_element_wise(
            self._money(gain), pa.scalar(" expected, "), self._money(np.abs(less)), ""
        )
        groups.append((behind, pc.binary_join_element_wise(expected, pa.scalar(" less once limits are paid for"), "")))
        ahead = possible & (less < 0)
        why = np.select([plan.explored, plan.full], [1, 2], 0)
        rest = pa.array(
            ["what is left of the limits went to others", "the lot decided", "no day could carry it"], pa.string()
        )
        groups.append(
            (ahead, pc.binary_join_element_wise(expected, pa.scalar(" more, but "), rest.take(pa.array(why)), ""))
        )
        barred = ~possible & (rival >= 0)
        codes = at(plan.candidates.why.astype(np.float64), rival).astype(np.int64)
        groups.append((barred, _bars(np.where(barred, codes, 0))))
        found = pa.array([NOTHING_ELSE]).take(pa.array(np.zeros(count, dtype=np.int64)))
        for mask, text in groups:
            found = pc.if_else(pa.array(mask), text, found)
        return found

    def change_reasons(self) -> pa.Array:
        """Say why the plan of each customer is another than before; null where it is not."""
        plan = self.plan
        if plan.changed_because is None or plan.before is None:
            return pa.nulls(len(plan.choice), pa.string())
        code = plan.changed_because.astype(np.int64)
        text = pa.array(REASONS, pa.string()).take(pa.array(code, mask=code < 0))
        bars = at(plan.candidates.why.astype(np.float64), plan.candidates.before).astype(np.int64)
        text = pc.if_else(
            pa.array(code == BARRED), pc.binary_join_element_wise(text, pa.scalar(": "), _bars(bars), ""), text
        )
        then, now = np.nan_to_num(plan.before.gain), at(plan.candidates.gains.gain, plan.candidates.before)
        fell = pc.binary_join_element_wise(
            text, pa.scalar(": "), self._money(now), pa.scalar(", "), self._money(then), pa.scalar(" then"), ""
        )
        return pc.if_else(pa.array(code == LESS), fell, text)

    def _money(self, values: Floats) -> pa.Array:
        return say_column("gain", np.where(np.isfinite(values), values, 0.0), Type.MONEY, self._currency)


def _limit_told(use: LimitUse) -> str:
    """Name a limit as people do: a budget by its name, all others by what they say."""
    return f"the {plainly(use.name)}" if use.unit == "money" else f"the limit of {use.about}"


def step_told(action: Action, number: int) -> str:
    """Say when a step follows, and under which condition.

    Raises:
        IndexError: The action has no such contact.
    """
    one = action.contacts[number]
    part = next(part for part in action.treatments if part.name == one.treatment)
    if one.step == 1:
        return "together with the other"
    condition = next(step.definition.condition for step in part.steps if step.place == one.step)
    stop = part.definition.stop
    words = f"{format_duration(one.delay)} after it began"
    return words + (f", if {condition}" if condition else "") + (f", unless {stop}" if stop else "")


def _bars(codes: Integers) -> pa.Array:
    return pa.array([one.sentence for one in BARS], pa.string()).take(pa.array(codes))


def _same(text: str, rows: Integers) -> pa.Array:
    return pa.repeat(pa.scalar(text), len(rows))


def _put(texts: Sequence[pa.Array], rows: Sequence[Integers], count: int) -> pa.Array:
    """Put texts of some customers each into their places; null where there is none."""
    places = np.full(count, -1, dtype=np.int64)
    before = 0
    for mine in rows:
        places[mine] = before + np.arange(len(mine))
        before += len(mine)
    if not texts:
        return pa.nulls(count, pa.string())
    return pa.concat_arrays([text.cast(pa.string()) for text in texts]).take(pa.array(places, mask=places < 0))
