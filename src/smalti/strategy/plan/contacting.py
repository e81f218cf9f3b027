"""From choices and instants to contacts in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.strategy.candidates import Action, Candidates
from smalti.strategy.peers import Integers
from smalti.strategy.plan.made import Planned


def contacts_of(
    candidates: Candidates, choice: Integers, due: Integers, begins: Integers, continued: Integers
) -> Planned:
    """Put all contacts of a plan in the order of customer, due instant, treatment and step.

    A treatment by which nobody is contacted stands there as one contact without a channel, its place -1 less its place in
    the bundle, at the instant at which the action may begin.

    Args:
        candidates: What the plan is made from.
        choice: The place of each customer's action, -1 for none; shape (n,).
        due: When each contact of it is due, -1 of those that do not come; shape (n, contacts of the longest action).
        begins: From when the action of each customer may begin; shape (n,).
        continued: When each contact under way is due, -1 of those that do not come.
    """
    rows, action, contact, instants = _begun(candidates, choice, due, begins)
    going = np.flatnonzero(continued >= 0)
    rows = np.concatenate([rows, candidates.underway.rows[going]])
    action = np.concatenate([action, np.full(len(going), -1)])
    contact = np.concatenate([contact, going])
    instants = np.concatenate([instants, continued[going]])
    treatment, step = _ranks(candidates, action, contact)
    order = np.lexsort((step, treatment, instants, rows))
    action, contact = action[order], contact[order]
    quiet = np.array([not one.contacts for one in candidates.actions] + [False], dtype=np.bool_)
    first = (action >= 0) & ((contact == 0) | ((contact == -1) & quiet[action]))
    return Planned(rows[order], action, contact, instants[order], first)


def _begun(
    candidates: Candidates, choice: Integers, due: Integers, begins: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Give the contacts of chosen actions, in any order: customer, action, contact, instant."""
    line, turn = np.nonzero(due >= 0)
    pieces = [(line, choice[line], turn, due[line, turn])]
    for place, one in enumerate(candidates.actions):
        for part, channel in enumerate(one.channels):
            if channel is None:
                whose = np.flatnonzero(choice == place)
                same = np.full(len(whose), place)
                pieces.append((whose, same, np.full(len(whose), -1 - part), begins[whose]))
    columns = [np.concatenate(column).astype(np.int64) for column in zip(*pieces, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def texts_of(candidates: Candidates, planned: Planned) -> dict[str, pa.Array]:
    """Give what each contact is: ``treatment``, ``step`` (integers), ``channel``, ``purpose``, ``message``, ``strategy``."""
    kinds, code = _kinds(candidates, planned.action, planned.contact)
    strategies = {part.name: part.strategy for action in candidates.actions for part in action.treatments}
    columns = {
        "treatment": pa.array([kind[0] for kind in kinds], pa.string()),
        "step": pa.array([kind[1] for kind in kinds], pa.int64()),
        "channel": pa.array([kind[2] for kind in kinds], pa.string()),
        "purpose": pa.array([kind[3] for kind in kinds], pa.string()),
        "message": pa.array([kind[4] for kind in kinds], pa.string()),
        "strategy": pa.array([strategies.get(kind[0]) for kind in kinds], pa.string()),
    }
    places = pa.array(code)
    return {name: column.take(places) for name, column in columns.items()}


def gate_table(candidates: Candidates, planned: Planned, fixed: Mapping[str, float] | None = None) -> pa.Table:
    """Give the contacts as the last gate asks for them, with the columns of `permits.auditing.CONTACTS`.

    Money stands on the first contact of each treatment, as if every contact came.

    Args:
        candidates: What the plan was made from.
        planned: The contacts.
        fixed: What doing treatments at all costs, to stand on the earliest contact of each; None leaves that out.
    """
    texts = texts_of(candidates, planned)
    names = sorted(candidates.gains.worst)
    worst = np.array([*(candidates.gains.worst[name] for name in names), 0.0])
    places = pc.fill_null(pc.index_in(texts["treatment"], pa.array(names, pa.string())), len(names))
    begins = (np.asarray(texts["step"]) == 1) & (planned.action >= 0)
    cost = np.where(begins, worst[np.asarray(places)], 0.0)
    going = planned.action < 0
    cost[going] = candidates.underway.cost[planned.contact[going]]
    for name, once in (fixed or {}).items():
        mine = np.flatnonzero(begins & np.asarray(pc.fill_null(pc.equal(texts["treatment"], name), False)))
        if len(mine):
            cost[mine[np.argmin(planned.due[mine])]] += once
    columns = {name: texts[name] for name in ("treatment", "step", "channel", "purpose")}
    return pa.table({"row": planned.rows} | columns | {"due": planned.due, "cost": cost})


def _kinds(
    candidates: Candidates, action: Integers, contact: Integers
) -> tuple[list[tuple[str, int, str | None, str, str | None]], Integers]:
    """Give the kinds of contacts there are, and which one each is."""
    kinds: list[tuple[str, int, str | None, str, str | None]] = []
    code = np.full(len(action), -1, dtype=np.int64)
    for place, one in enumerate(candidates.actions):
        mine = np.flatnonzero(action == place)
        for number in np.unique(contact[mine]).tolist():
            code[mine[contact[mine] == number]] = len(kinds)
            kinds.append(_kind(one, number))
    going = np.flatnonzero(action < 0)
    under = candidates.underway.contacts
    found = [
        (one.treatment, one.step, one.channel, one.purpose, one.message) for one in (under[k] for k in contact[going])
    ]
    places = {kind: len(kinds) + place for place, kind in enumerate(dict.fromkeys(found))}
    code[going] = [places[kind] for kind in found]
    return [*kinds, *places], code


def _kind(action: Action, number: int) -> tuple[str, int, str | None, str, str | None]:
    if number < 0:
        part = action.treatments[-1 - number]
        return part.name, 1, None, part.purpose, part.definition.message
    one = action.contacts[number]
    return one.treatment, one.step, one.channel, one.purpose, one.message


def _ranks(candidates: Candidates, action: Integers, contact: Integers) -> tuple[Integers, Integers]:
    """Give numbers by which contacts are ordered: of their treatments by name, of their steps."""
    kinds, code = _kinds(candidates, action, contact)
    names: Sequence[str] = sorted({kind[0] for kind in kinds})
    treatment = np.array([*(names.index(kind[0]) for kind in kinds), 0], dtype=np.int64)
    step = np.array([*(kind[1] for kind in kinds), 0], dtype=np.int64)
    return treatment[code], step[code]
