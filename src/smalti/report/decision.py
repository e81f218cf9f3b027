"""What is decided for one customer now, told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalti.facts import to_datetime
from smalti.report.plan import channel_title, treatment_title
from smalti.report.writing import Pen, share, stop

_EXPLORED = "It was drawn by lot among all that she may get, so that it can be measured what works."


def tell_decision(decision: Mapping[str, Any], info: Mapping[str, Any], going: Sequence[Mapping[str, Any]] = ()) -> str:
    """Tell a decision as paragraphs: what, when, what it brings, why, and what came second.

    Args:
        decision: What `smalti.strategy.plan.Decision.to_dict` gives: money in minor units, ``due`` an instant as
            microseconds or ISO text.
        info: The run's `run.json`.
        going: Her rows of the run's table ``plan`` that earlier plans began: they come whatever is decided.

    >>> info = {"currency": "GBP", "as_of": "2026-07-01T00:00:00Z"}
    >>> print(tell_decision({"customer": "C42", "action": None, "reason": "no consent for email"}, info))
    C42 gets nothing now: no consent for email.
    """
    pen = Pen.of(info)
    if not decision.get("action"):
        told = [
            f"{decision['customer']} gets nothing {'new ' if going else ''}now{_because(decision)}.",
            _second(decision, info),
        ]
    else:
        told = [
            _what(pen, decision, info),
            _worth(pen, decision),
            stop(str(decision.get("reason") or "")),
            _drawn(decision),
        ]
        told.append(_second(decision, info))
    under_way = " ".join(_going(pen, row, info) for row in going)
    return "\n\n".join(part for part in (told[0], " ".join(one for one in told[1:] if one), under_way) if part)


def _going(pen: Pen, row: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    what = f"Under way: step {row['step']} of {treatment_title(info, str(row['treatment']))}"
    return f"{what}, by {channel_title(row['channel'])} on {pen.instant(row['due'])}."


def _because(decision: Mapping[str, Any]) -> str:
    why = str(decision.get("reason") or "").strip().rstrip(".")
    return f": {why}" if why else ""


def _what(pen: Pen, decision: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    parts = [f"{decision['customer']} gets {treatment_title(info, str(decision['treatment'] or decision['action']))}"]
    if decision.get("channel"):
        parts.append(f"by {channel_title(decision['channel'])}")
    if decision.get("due") is not None:
        due = decision["due"]
        parts.append(f"on {pen.instant(to_datetime(due) if isinstance(due, int) else due)}")
    if decision.get("message"):
        parts.append(f"with the message {str(decision['message']).replace('_', ' ')}")
    return " ".join(parts) + "."


def _worth(pen: Pen, decision: Mapping[str, Any]) -> str:
    gain, low, high, cost, priced = (decision.get(name) for name in ("gain", "low", "high", "cost", "priced"))
    if gain is None:
        return ""
    interval = f" ({pen.money(low)} to {pen.money(high)})" if low is not None and high is not None else ""
    spent = f", after a cost of {pen.money(cost)}" if cost else ""
    differs = priced is not None and abs(priced - gain) >= 0.5
    net = f"; {pen.money(priced)} by the prices of the limits it uses and its weight" if differs else ""
    return f"It is expected to bring {pen.money(gain)}{interval}{spent}{net}."


def _drawn(decision: Mapping[str, Any]) -> str:
    told = _EXPLORED if decision.get("chosen") == "explored" else ""
    chance = decision.get("probability")
    if chance is not None and chance < 1:
        told = f"{told} The chance of just this was {share(float(chance))}.".strip()
    return told


def _second(decision: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    why = str(decision.get("why_not") or "").strip().rstrip(".")
    if decision.get("runner_up"):
        return f"Second: {treatment_title(info, str(decision['runner_up']))}{f', {why}' if why else ''}."
    return stop(why)
