"""What is planned for one customer, in sentences: what, when, why, what else she could have had and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalti.report.columns import as_minor
from smalti.report.plan.people import runner_up, treatment_title, when
from smalti.report.plans import BASES
from smalti.report.writing import Pen, share, stop

CHOSEN = {
    "best": "",
    "kept": "It is kept from the plan before: nothing is worth enough more to replace it.",
    "explored": "It was drawn by lot among all that she may get, so that it can be measured what works.",
    "under way": "It began earlier and goes on.",
    "none": "",
}
"""What the ways of choosing mean, as sentences; nothing where there is nothing to say."""
_OTHERS = 4


def planned(
    rows: Sequence[Mapping[str, Any]],
    *,
    info: Mapping[str, Any],
    options: Sequence[Mapping[str, Any]] = (),
) -> tuple[str, ...]:
    """Tell what is planned for one customer.

    Args:
        rows: Her rows of the `plan` table: money as `Decimal` major units, instants as aware datetimes.
        info: The run's `run.json`: `plan`, `definitions`, `currency`, `time_zone` are used.
        options: Her rows of the `plan_options` table.

    Returns:
        Sentences; none where the run has no plan.

    >>> rows = [{"customer_id": "C42", "treatment": None, "reason": "no consent for email"}]
    >>> planned(rows, info={"currency": "GBP", "plan": {"customers": 0}})
    ('Nothing is planned: no consent for email.',)
    """
    if not info.get("plan") or not rows:
        return ()
    pen = Pen.of(info)
    kept = [row for row in rows if row.get("treatment")]
    told = _idle(info, rows[0]) if not kept else [one for row in _ordered(kept) for one in _contact(pen, info, row)]
    return (*told, *_change(rows), *_others(pen, info, rows, options))


def _ordered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the contacts of one treatment after those of another, in the order in which the treatments begin."""
    first = dict.fromkeys(row["treatment"] for row in rows)
    place = {name: number for number, name in enumerate(first)}
    return sorted(rows, key=lambda row: (place[row["treatment"]], int(row.get("step") or 1)))


def _idle(info: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    why = str(row.get("reason") or "").strip().rstrip(".")
    second = str(row.get("runner_up") or "")
    told = second and second in why
    if told:
        why = why.replace(second, treatment_title(info, second))
    return [f"Nothing is planned{f': {why}' if why else ''}.", *filter(None, ["" if told else runner_up(info, row)])]


def _contact(pen: Pen, info: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    title, step = treatment_title(info, str(row["treatment"])), int(row.get("step") or 1)
    message = f" with the message {_spelt(row['message'])}" if row.get("message") else ""
    variant = f" ({_spelt(row['variant'])})" if row.get("variant") else ""
    if row.get("chosen") == "under way":
        return [
            f"{title} is under way: next {when(pen, row)}{message}{variant}.",
            *filter(None, [stop(str(row.get("reason") or ""))]),
        ]
    if step > 1:
        return [f"Then{_condition(info, row, step)} {when(pen, row)}{message}{variant}."]
    told = [f"Planned: {title} {when(pen, row)}{message}{variant}."]
    told += [_worth(pen, info, row), stop(str(row.get("reason") or "")), _how(row)]
    chance = row.get("probability")
    if chance is not None and chance < 1:
        told.append(f"It was chosen with a chance of {share(float(chance))}.")
    return [*filter(None, told), *filter(None, [runner_up(info, row)])]


def _how(row: Mapping[str, Any]) -> str:
    """Say how it was chosen, where the reason does not say it itself."""
    chosen, reason = str(row.get("chosen")), str(row.get("reason") or "")
    said = {"explored": "drawn by lot", "kept": "kept from"}
    return "" if chosen in said and reason.startswith(said[chosen]) else CHOSEN.get(chosen, "")


def _spelt(name: Any) -> str:
    return str(name).replace("_", " ")


def _worth(pen: Pen, info: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    gain, low, high, cost = (
        as_minor(row.get(name), pen.currency) for name in ("gain", "gain_low", "gain_high", "cost")
    )
    if gain is None:
        return ""
    interval = f" ({pen.money(low)} to {pen.money(high)})" if low is not None and high is not None else ""
    spent = f", after a cost of {pen.money(cost)}" if cost else ""
    basis = BASES.get(str(row.get("basis") or ""), "")
    return f"It is expected to bring {pen.money(gain)}{interval}{spent}{f'; {basis}' if basis else ''}."


def _condition(info: Mapping[str, Any], row: Mapping[str, Any], step: int) -> str:
    """Give the condition of a step: as the plan tells it, or else as it was written."""
    if row.get("reason"):
        return f", {str(row['reason']).strip().rstrip('.')},"
    kept = (info.get("definitions") or {}).get("treatments") or {}
    pairs = kept.items() if isinstance(kept, Mapping) else [tuple(one) for one in kept]
    steps = next((one.get("steps") or () for name, one in pairs if name == row["treatment"]), ())
    if not 0 <= step - 2 < len(steps):
        return ""
    condition = steps[step - 2].get("condition") or steps[step - 2].get("if")
    return f", if {condition}," if condition else ""


def _change(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    change = next((row.get("change") for row in rows if row.get("change")), None)
    reason = next((str(row["change_reason"]).strip().rstrip(".") for row in rows if row.get("change_reason")), "")
    words = {
        "new": "This is new since the plan before",
        "changed": "The plan before had something else",
        "dropped": "The plan before had something, which is dropped",
        "same": "It is what the plan before had",
    }
    if change not in words or (change == "same" and not any(row.get("treatment") for row in rows)):
        return []
    return [f"{words[change]}{f': {reason}' if reason else ''}."]


def _others(
    pen: Pen, info: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], options: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Tell what else she could have got, and what she could not."""
    taken = {row.get("treatment") for row in rows} | {row.get("runner_up") for row in rows}
    left = [
        one for one in options if one["action"] not in taken and str(one["action"]).partition(" by ")[0] not in taken
    ]
    ordered = sorted(left, key=lambda one: (-float(one.get("gain") or 0), str(one["action"])))
    free = [one for one in ordered if one.get("possible")][:_OTHERS]
    barred = [one for one in ordered if not one.get("possible")][:_OTHERS]
    told = []
    if free:
        listed = "; ".join(
            f"{treatment_title(info, str(one['action']))} {pen.money(as_minor(one.get('gain'), pen.currency))}"
            for one in free
        )
        told.append(f"What else is possible is expected to bring: {listed}.")
    if barred:
        listed = "; ".join(
            f"{treatment_title(info, str(one['action']))} ({_spelt(one.get('why') or 'barred')})" for one in barred
        )
        told.append(f"Not possible now: {listed}.")
    return told
