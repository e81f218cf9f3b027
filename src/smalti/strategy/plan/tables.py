"""A plan as the tables that a run holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, format_minor, local_day, next_start, start_of
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.permits import BARS
from smalti.strategy.plan.contacting import texts_of
from smalti.strategy.plan.made import CHANGES, CHOSEN, LimitUse, Plan
from smalti.strategy.plan.pricing import at
from smalti.strategy.plan.summing import Coded, Sum, sums_of
from smalti.strategy.plan.wording import Wording, step_told
from smalti.strategy.treatments import Message

INSTANT = pa.timestamp("us", tz="UTC")
NOT_BY_RULE = ("not eligible",)
"""Bars that keep an action out of the table of options: the rules do not name her."""


def plan_table(plan: Plan, messages: Mapping[str, Message] | None = None) -> pa.Table:
    """Give the contacts, and the customers without any, as the run's table ``plan``.

    One row per contact, exactly one for each customer without any; ordered by customer_id, due, treatment, step. Money is
    in decimals of the currency and stands on the first contact of an action; ``due`` is in UTC, ``day`` the day in the
    project's zone.

    Args:
        plan: The plan.
        messages: The messages by name, whose variants are told; None tells none.
    """
    contacts, candidates = plan.contacts, plan.candidates
    quiet = np.setdiff1d(np.arange(len(plan.choice)), contacts.rows)
    rows = np.concatenate([contacts.rows, quiet])
    order = np.argsort(rows, kind="stable")
    take = pa.array(np.where(order < len(contacts.rows), order, 0), mask=order >= len(contacts.rows))
    lines = _Lines(plan, messages or {})
    mine = rows[order]
    whose = pa.array(mine)
    columns = {name: column.take(take) for name, column in lines.columns().items()}
    stand = pa.array(np.concatenate([contacts.first, np.ones(len(quiet), dtype=np.bool_)])[order])
    alone = pa.array(order >= len(contacts.rows))
    words = Wording(plan)

    def hers(column: pa.Array) -> pa.Array:
        return pc.if_else(stand, column.take(whose), pa.nulls(len(mine), column.type))

    money = {name: hers(decimals(column, candidates.currency)) for name, column in _hers(plan).items()}
    return pa.table(
        {
            "customer_id": candidates.customers.take(whose),
            **{name: columns[name] for name in ("treatment", "step", "channel", "message", "variant", "due", "day")},
            "probability": pc.if_else(pc.or_(stand, alone), pa.array(plan.probability).take(whose), 1.0),
            **{name: money[name] for name in ("gain", "gain_low", "gain_high")},
            "cost": pc.coalesce(columns["cost"], money["cost"]),
            "basis": hers(_of_action(plan, plan.candidates.gains.basis)),
            "weighed": money["weighed"],
            "strategy": columns["strategy"],
            "chosen": pc.coalesce(columns["chosen"], pa.array(CHOSEN).take(pa.array(plan.chosen)).take(whose)),
            "reason": pc.coalesce(columns["reason"], words.reasons().take(whose)),
            "runner_up": hers(words.runner_ups()),
            "why_not": hers(words.why_not()),
            "change": hers(_changed(plan)),
            "change_reason": hers(words.change_reasons()),
        }
    )


def decimals(values: Floats, currency: Currency) -> pa.Array:
    """Give minor units as published money, NaN as null; halves to even.

    >>> decimals(np.array([123.4, np.nan]), Currency("GBP")).to_pylist()
    [Decimal('1.23'), None]
    """
    missing = ~np.isfinite(values)
    whole = pa.array(np.round(np.where(missing, 0.0, values)).astype(np.int64), mask=missing)
    unit = pa.scalar(Decimal(1).scaleb(-currency.places), pa.decimal128(4, currency.places))
    return pc.cast(pc.multiply(pc.cast(whole, pa.decimal128(19, 0)), unit), pa.decimal128(18, currency.places))


def _hers(plan: Plan) -> dict[str, Floats]:
    """Give the money of each customer's choice; NaN where she has none."""
    gains = plan.candidates.gains
    weight = np.append(gains.weight, 1.0)[plan.choice]
    gain = at(gains.gain, plan.choice, np.nan)
    return {
        "gain": gain,
        "gain_low": at(gains.low, plan.choice, np.nan),
        "gain_high": at(gains.high, plan.choice, np.nan),
        "cost": at(gains.cost, plan.choice, np.nan),
        "weighed": gain * weight,
    }


def _of_action(plan: Plan, texts: tuple[str, ...]) -> pa.Array:
    """Give the text of each customer's action, null where she has none."""
    if not texts:
        return pa.nulls(len(plan.choice), pa.string())
    return pa.array(texts, pa.string()).take(pa.array(plan.choice, mask=plan.choice < 0))


def _changed(plan: Plan) -> pa.Array:
    if plan.change is None:
        return pa.nulls(len(plan.choice), pa.string())
    code = plan.change.astype(np.int64)
    return pa.array(CHANGES, pa.string()).take(pa.array(code, mask=code < 0))


class _Lines:
    """The columns of contacts."""

    def __init__(self, plan: Plan, messages: Mapping[str, Message]) -> None:
        self._plan, self._messages = plan, messages

    def columns(self) -> dict[str, pa.Array]:
        """Give what is told of every contact, in the order of the contacts."""
        plan, contacts = self._plan, self._plan.contacts
        texts = texts_of(plan.candidates, contacts)
        going = contacts.action < 0
        cost = np.full(len(going), np.nan)
        cost[going] = plan.candidates.underway.cost[contacts.contact[going]]
        under = pa.array(["under way", None], pa.string()).take(pa.array((~going).astype(np.int64)))
        days = days_of_contacts(plan)
        return {
            **{name: texts[name] for name in ("treatment", "step", "channel", "message", "strategy")},
            "variant": self._variants(texts["message"]),
            "due": pa.array(contacts.due).cast(INSTANT),
            "day": pa.array(days.names, pa.string()).take(pa.array(days.codes)),
            "cost": decimals(cost, plan.candidates.currency),
            "chosen": under,
            "reason": self._reasons(going),
        }

    def _variants(self, named: pa.Array) -> pa.Array:
        """Give the variant of each contact's message: the first whose segment she is in; null where none is."""
        rows, segments = self._plan.contacts.rows, self._plan.candidates.segments
        found = np.full(len(rows), -1, dtype=np.int64)
        titles: list[str] = []
        for name, message in sorted(self._messages.items()):
            mine = np.asarray(pc.fill_null(pc.equal(named, name), False))
            for variant in message.definition.variants:
                if variant.segment in segments:
                    fits = mine & (found < 0) & segments[variant.segment][rows]
                    found[fits] = len(titles)
                    titles.append(variant.name or variant.segment)
        return pa.array([*titles, ""], pa.string()).take(pa.array(found, mask=found < 0))

    def _reasons(self, going: Booleans) -> pa.Array:
        """Say why steps and what is under way come; null for the first contacts, whose reason is that of the choice."""
        contacts, candidates = self._plan.contacts, self._plan.candidates
        texts: list[str] = []
        code = np.full(len(going), -1, dtype=np.int64)
        for place, action in enumerate(candidates.actions):
            later = (contacts.action == place) & ~contacts.first & (contacts.contact >= 0)
            for number in np.unique(contacts.contact[later]).tolist():
                code[later & (contacts.contact == number)] = len(texts)
                texts.append(step_told(action, number))
        reasons = [candidates.underway.reasons[one] for one in contacts.contact[going].tolist()]
        places = {reason: len(texts) + number for number, reason in enumerate(dict.fromkeys(reasons))}
        code[going] = [places[reason] for reason in reasons]
        return pa.array([*texts, *places, ""], pa.string()).take(pa.array(code, mask=code < 0))


def days_of_contacts(plan: Plan) -> Coded:
    """Give the day of each contact in the project's zone, as ``2026-06-30``."""
    due, zone = plan.contacts.due, plan.candidates.zone
    if not len(due):
        return Coded(np.empty(0, dtype=np.int64), ())
    starts = [start_of("day", int(due.min()), zone)]
    while (following := next_start("day", starts[-1], zone)) <= int(due.max()):
        starts.append(following)
    names = tuple(_date(start, next_start("day", start, zone), zone) for start in starts)
    return Coded(np.searchsorted(np.array(starts), due, side="right") - 1, names)


def _date(start: int, end: int, zone: str) -> str:
    day = local_day((start + end) // 2, zone)
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


def limits_table(plan: Plan) -> pa.Table:
    """Give the limits as the run's table ``plan_limits``.

    Of unit ``money`` least, most and used are in major units; a price is in major units always: what one more unit brings,
    one pound more of a budget, one contact more, one customer more or, of `least`, one less.
    """
    rows = [limit_row(one, plan.candidates.currency) for one in plan.uses]
    kinds = {
        "limit": pa.string(),
        "about": pa.string(),
        "unit": pa.string(),
        "least": pa.float64(),
        "most": pa.float64(),
        "used": pa.float64(),
        "price": pa.float64(),
        "one_more": pa.string(),
        "binds": pa.bool_(),
    }
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def limit_row(one: LimitUse, currency: Currency) -> dict[str, object]:
    """Give one row of ``plan_limits``."""
    scale = currency.scale if one.unit == "money" else 1
    return {
        "limit": one.name,
        "about": one.about,
        "unit": one.unit,
        "least": None if one.least is None else one.least / scale,
        "most": None if one.most is None else one.most / scale,
        "used": one.used / scale,
        "price": one.price * (scale / currency.scale),
        "one_more": one_more(one, currency),
        "binds": one.binds,
    }


_SMALL = 20
"""Of fewer units of money than this, one more is no small step."""


def one_more(one: LimitUse, currency: Currency) -> str:
    """Say what one more unit of a limit would bring.

    >>> calls = LimitUse("call a day", "", "contacts", None, 40.0, 40.0, 123.0, np.ones(1))
    >>> one_more(calls, Currency("GBP"))
    'one more contact would bring £1.23'
    """
    unit = {"money": format_minor(currency.scale, currency), "contacts": "one contact", "customers": "one customer"}[
        one.unit
    ]
    if not one.binds:
        return "more of it would bring nothing" if one.sign > 0 else "fewer would bring nothing"
    worth = format_minor(one.price * (currency.scale if one.unit == "money" else 1), currency)
    if one.unit == "money" and one.sign > 0 and (one.most or 0) < _SMALL * currency.scale:
        worth = f"up to {worth}"  # of a small amount the next penny brings more than the one after
    word = unit.replace("one ", "one more ") if one.sign > 0 else unit.replace("one ", "one fewer ")
    return f"{word}{' more' if one.unit == 'money' else ''} would bring {worth}"


def totals_table(plan: Plan) -> pa.Table:
    """Give the sums by treatment, channel, segment, strategy, day and of all, as the run's table ``plan_totals``.

    What doing treatments at all costs is in the rows of treatments, strategies and of all. Rows of channels, segments and days
    do not bear it: their gains come to more, and their costs to less, than those of all.
    """
    sums = totals_of(plan)
    currency = plan.candidates.currency
    columns = {name: pa.array([getattr(one, name) for one in sums], pa.string()) for name in ("by", "name", "title")}
    columns |= {name: pa.array([getattr(one, name) for one in sums], pa.int64()) for name in ("customers", "contacts")}
    for name, field in (("gain", "gain"), ("gain_low", "low"), ("gain_high", "high"), ("cost", "cost")):
        columns[name] = decimals(np.array([getattr(one, field) for one in sums], dtype=np.float64), currency)
    return pa.table(columns)


def totals_of(plan: Plan) -> tuple[Sum, ...]:
    """Give the sums of a plan."""
    texts = texts_of(plan.candidates, plan.contacts)
    return sums_of(plan, days_of_contacts(plan), _coded(texts["channel"]), _coded(texts["treatment"]))


def _coded(column: pa.Array) -> Coded:
    found = column.dictionary_encode()
    names = sorted(found.dictionary.to_pylist())
    ranks = np.array([*(names.index(name) for name in found.dictionary.to_pylist()), -1], dtype=np.int64)
    return Coded(ranks[np.asarray(pc.fill_null(found.indices, len(ranks) - 1))], tuple(names))


def options_table(plan: Plan) -> pa.Table:
    """Give what every customer may get by rule, as the run's table ``plan_options``, ordered by customer_id and action.

    Beside the published columns: ``expected``, ``expected_low``, ``expected_high``, the gain in minor units as it was reckoned,
    and ``earliest`` and ``latest``, null where the action is not possible.
    """
    candidates, gains = plan.candidates, plan.candidates.gains
    codes = [place for place, bar in enumerate(BARS) if bar.name in NOT_BY_RULE]
    names = pa.array([one.name for one in candidates.actions], pa.string())
    ranks = (
        np.argsort(np.argsort(np.array(names.to_pylist(), dtype=object), kind="stable")) if len(names) else np.empty(0)
    )
    rows, places = np.nonzero(~np.isin(candidates.why, codes))
    order = np.lexsort((ranks[places], rows)) if len(rows) else np.empty(0, dtype=np.int64)
    rows, places = rows[order], places[order]
    why = candidates.why[rows, places]
    shut = why != 0
    bars = pa.array([one.name for one in BARS], pa.string())
    return pa.table(
        {
            "customer_id": candidates.customers.take(pa.array(rows)),
            "action": names.take(pa.array(places)),
            "gain": decimals(gains.gain[rows, places], candidates.currency),
            "gain_low": decimals(gains.low[rows, places], candidates.currency),
            "gain_high": decimals(gains.high[rows, places], candidates.currency),
            "cost": decimals(gains.cost[rows, places], candidates.currency),
            "possible": pa.array(~shut),
            "why": bars.take(pa.array(why)),
            "expected": pa.array(gains.gain[rows, places]),
            "expected_low": pa.array(gains.low[rows, places]),
            "expected_high": pa.array(gains.high[rows, places]),
            "earliest": _instants(candidates.earliest[rows, places], shut),
            "latest": _instants(candidates.latest[rows, places], shut),
        }
    )


def _instants(values: Integers, missing: Booleans) -> pa.Array:
    return pa.array(values, mask=missing).cast(INSTANT)
