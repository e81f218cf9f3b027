"""Customers of a plan: those with the largest expected gain, and why the others get nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import to_datetime
from smalti.report.columns import as_minor, minor_column
from smalti.report.matter import Matter
from smalti.report.writing import Pen, count, named, ratio, share, spoken, stop

BY = " by "
"""Before the channel in the name of an action of a treatment that has several."""
PEOPLE = 6
"""Customers listed, at most."""
_WHY = 6
_ALIKE = (
    (r"^.*? would bring .*?, which does not pay for itself.*$", "nothing that is possible pays for itself"),
    (r"^.*? would bring .*?, but (.*)$", r"\1"),
    (r"^nothing is possible; .*?: (.*)$", r"nothing is possible: \1"),
)
"""What reasons of many customers have in common: a pattern, and what is told of all that are like it."""


@dataclass(frozen=True)
class Treated:
    """One customer of the list.

    Attributes:
        customer: The id.
        glass: Colour of the strategy served.
        treatment: What she gets.
        when: By which channel and when.
        gain: What that is expected to bring.
        interval: The 80 % interval of it.
        why: Why this.
        instead: The runner-up and why not.
    """

    customer: str
    glass: str
    treatment: str
    when: str
    gain: str
    interval: str
    why: str
    instead: str


@dataclass(frozen=True)
class Spared:
    """Why customers get nothing.

    Attributes:
        customers: How many get nothing, in words.
        reasons: Why, how many, and that number drawn, 0 to 1 of all of them.
        more: How many have other reasons, in words; or nothing.
    """

    customers: str
    reasons: tuple[tuple[str, str, float], ...]
    more: str


def treated(matter: Matter) -> tuple[Treated, ...]:
    """List the customers with the largest expected gain, ties by their order in the table.

    >>> treated(Matter({}, {}))
    ()
    """
    table = matter.tables.get("plan")
    if table is None:
        return ()
    table = table.filter(pc.is_valid(table["treatment"]))
    gains, known = minor_column(table, "gain", matter.pen.currency)
    places = np.flatnonzero(known & (gains > 0))
    places = places[np.argsort(-gains[places], kind="stable")]
    found: dict[str, dict[str, Any]] = {}
    for row in table.take(pa.array(places[: 4 * PEOPLE])).to_pylist():
        found.setdefault(row["customer_id"], row)
    return tuple(_treated(matter, row) for row in list(found.values())[: min(PEOPLE, matter.shown)])


def _treated(matter: Matter, row: Mapping[str, Any]) -> Treated:
    pen = matter.pen
    low, high = (as_minor(row.get(name), pen.currency) for name in ("gain_low", "gain_high"))
    return Treated(
        customer=named(row["customer_id"]),
        glass=matter.glass.get(str(row.get("strategy")), "q1"),
        treatment=treatment_title(matter.info, str(row["treatment"])),
        when=when(pen, row),
        gain=pen.money(as_minor(row.get("gain"), pen.currency)),
        interval=pen.interval(low, high),
        why=stop(str(row.get("reason") or "")),
        instead=runner_up(matter.info, row),
    )


def when(pen: Pen, row: Mapping[str, Any]) -> str:
    """Say by which channel and when a contact is due.

    >>> from smalti.facts import Currency
    >>> when(Pen(Currency("GBP")), {"channel": "email", "due": "2026-07-03T09:00:00Z"})
    'by email on 3 July 2026, 09:00'
    """
    channel = f"by {channel_title(row['channel'])}" if row.get("channel") else ""
    due = f"on {pen.instant(instant_of(row['due']))}" if row.get("due") is not None else ""
    return " ".join(part for part in (channel, due) if part) or "without a contact"


def instant_of(value: Any) -> datetime | str | None:
    """Read an instant as ISO text, as microseconds, or as a datetime."""
    return to_datetime(value) if isinstance(value, int) else value


def channel_title(name: Any) -> str:
    """Say a channel within a sentence.

    >>> channel_title("direct_mail"), channel_title("sms")
    ('direct mail', 'SMS')
    """
    title = spoken(str(name))
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def treatment_title(info: Mapping[str, Any], name: str) -> str:
    """Say a treatment or an action by what people call it.

    >>> treatment_title({"plan": {"actions": [{"name": "call", "title": "A call"}]}}, "call")
    'A call'
    >>> two = {"name": "mail by sms", "title": "A mail", "treatments": ["mail"]}
    >>> [treatment_title({"plan": {"actions": [two]}}, name) for name in ("mail", "mail by sms")]
    ['A mail', 'A mail by SMS']
    >>> treatment_title({}, "spring_mail by sms")
    'Spring mail by SMS'
    """
    for action in (info.get("plan") or {}).get("actions") or ():
        if name in (action.get("name"), *_alone(action)):
            channel = name.partition(BY)[2] if _alone(action) else ""
            return named(action.get("title"), spoken(name)) + (f"{BY}{channel_title(channel)}" if channel else "")
    first, by, channel = name.partition(BY)
    return spoken(first) + (f"{BY}{channel_title(channel)}" if by else "")


def _alone(action: Mapping[str, Any]) -> list[str]:
    """Give the treatment of an action that has but one."""
    treatments = list(action.get("treatments") or ())
    return treatments if len(treatments) == 1 else []


def runner_up(info: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Say what came second and why it was not chosen; nothing where there was nothing else."""
    if not row.get("runner_up"):
        return stop(str(row.get("why_not") or ""))
    second = treatment_title(info, str(row["runner_up"]))
    why = str(row.get("why_not") or "").strip().rstrip(".")
    return f"Not {second}: {why}." if why else f"Second was {second}."


def causes(reasons: pa.Array) -> pa.Array:
    """Take out of reasons what is one customer's own, so that they can be counted.

    >>> causes(pa.array(["call would bring £1.20, but what it takes of budget brings more elsewhere"])).to_pylist()
    ['what it takes of budget brings more elsewhere']
    """
    for pattern, told in _ALIKE:
        reasons = pc.replace_substring_regex(reasons, pattern, told)
    return reasons


def spared(matter: Matter) -> Spared | None:
    """Tell why customers get nothing; None where everybody gets something, or nothing is known of it."""
    table = matter.tables.get("plan")
    if table is None:
        return None
    idle = table.filter(pc.is_null(table["treatment"]))
    if not idle.num_rows:
        return None
    counted = pc.value_counts(causes(idle["reason"].combine_chunks())).to_pylist()
    ordered = sorted(counted, key=lambda row: (-row["counts"], str(row["values"])))
    told = [
        (
            stop(named(row["values"], "no reason is known")),
            f"{count(row['counts'], 'customer')}",
            row["counts"] / idle.num_rows,
        )
        for row in ordered[:_WHY]
    ]
    rest = sum(row["counts"] for row in ordered[_WHY:])
    part = ratio(idle.num_rows, len(pc.unique(table["customer_id"])))
    everyone = f"{count(idle.num_rows, 'customer')} ({share(part)})"
    return Spared(everyone, tuple(told), f"{count(rest, 'customer')} for other reasons" if rest else "")
