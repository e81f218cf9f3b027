"""What is foretold of one customer, in sentences: her next order, her scores and what drives them, what she buys next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from smalti.report.foresight import span_of
from smalti.report.matter import Matter
from smalti.report.story import say
from smalti.report.writing import NOTHING, Pen, named, share, spoken, stop

CHANCE = "_chance"
"""What ends the name of the column with the chance of a score that is text."""
ITEMS = 3
"""Products and categories told."""
_SCORES = ("score", "look_alike", "renewal", "effect")


def ahead(
    customer: Mapping[str, Any],
    *,
    info: Mapping[str, Any],
    drivers: Sequence[Mapping[str, Any]] = (),
    products: Sequence[Mapping[str, Any]] = (),
    titles: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    r"""Tell what is foretold of one customer.

    Args:
        customer: Her row of the `customers` table; whatever is missing is not told.
        info: The run's `run.json`: `models`, `horizon`, `currency`, `time_zone` are used.
        drivers: Her rows of `score_drivers`: ``score``, ``rank``, ``trait``, ``contribution``, above 0 where it raises it.
        products: Her rows of `next_products`: ``level``, ``rank``, ``item``, ``chance``, ``why``.
        titles: What traits are called in a sentence, by name.

    Returns:
        Sentences, the next order first.

    >>> models = {"will_buy": {"title": "will buy", "what": "score", "fitted": True, "unit": "chance"}}
    >>> drivers = [{"score": "will_buy", "rank": 1, "trait": "orders_365d", "contribution": 0.8}]
    >>> row = {"customer_id": "C42", "orders_365d": 6, "will_buy": 0.72}
    >>> told = ahead(row, info={"currency": "GBP", "models": models}, drivers=drivers)
    >>> told[0].replace("\N{NO-BREAK SPACE}", " ")
    'Will buy: 72 %, raised most by orders 365d (6).'
    """
    pen, words = Pen.of(info), dict(titles or {})
    told = list(_orders(pen, customer, info))
    for name, model in (info.get("models") or {}).items():
        if model.get("what") in _SCORES and customer.get(name) is not None:
            told.append(_score(pen, words, customer, (name, model), [row for row in drivers if row["score"] == name]))
    return (*told, *_items(products))


def _orders(pen: Pen, customer: Mapping[str, Any], info: Mapping[str, Any]) -> list[str]:
    told = []
    if customer.get("next_order") is not None:
        told.append(f"The next order is expected about {pen.day(customer['next_order'])}.")
    if customer.get("gone_by") is not None:
        gone, now = pen.local(customer["gone_by"]), pen.local(info.get("as_of"))
        if gone is not None and now is not None and gone <= now:
            told.append(f"The chance of still being a customer is already below {share(0.1)}.")
        else:
            by = pen.day(customer["gone_by"])
            told.append(f"Without an order by {by} the chance of still being a customer is below {share(0.1)}.")
    orders = customer.get("expected_orders")
    if orders is not None and _ordered(customer, info):
        told.append(f"In {span_of(Matter(info, {}))} about {_plain(float(orders))} days with an order are expected.")
    return told


def _ordered(customer: Mapping[str, Any], info: Mapping[str, Any]) -> bool:
    """Tell whether there are orders to expect more of: a buying model that was fitted, or a day with an order."""
    buying = (info.get("models") or {}).get("buying") or {}
    return bool(buying.get("fitted") or customer.get("purchase_days") or customer.get("expected_orders"))


def _plain(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _score(
    pen: Pen,
    words: Mapping[str, str],
    customer: Mapping[str, Any],
    score: tuple[str, Mapping[str, Any]],
    drivers: Sequence[Mapping[str, Any]],
) -> str:
    name, model = score
    title = spoken(str(model.get("title") or name))
    told = f"{title}: {_said(pen, customer, name, model)}"
    ordered = sorted(drivers, key=lambda row: int(row["rank"]))
    ways = ("raised", True), ("lowered", False)
    parts: list[str] = []
    for way, rises in ways:
        mine = [row["trait"] for row in ordered if (row["contribution"] > 0) is rises and row["contribution"]]
        if mine:
            said = [f"{_called(words, trait)} ({say(pen, trait, customer.get(trait))})" for trait in mine]
            listed = " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
            parts.append(f"{way} {'most ' if not parts else ''}by {listed}")
    return stop(", ".join([told, *parts]))


def _called(words: Mapping[str, str], trait: str) -> str:
    return words.get(trait, trait.replace("_", " "))


def _said(pen: Pen, customer: Mapping[str, Any], name: str, model: Mapping[str, Any]) -> str:
    value = customer[name]
    if isinstance(value, Decimal):
        return say(pen, name, value)
    if isinstance(value, str):
        chance = customer.get(name + CHANCE)
        return named(value) + (f" (chance {share(float(chance))})" if chance is not None else "")
    if model.get("what") == "look_alike":
        return f"{float(value):.2f} alike, where 1 is most and 0.5 is as like them as like the others"
    if model.get("what") == "effect" and model.get("unit") == "chance":
        return f"{100 * float(value):+.2g} points"
    if model.get("unit") == "chance":
        return share(float(value))
    return f"{float(value):,.3g}" if abs(value) < 1000 else f"{float(value):,.0f}"


def _items(products: Sequence[Mapping[str, Any]]) -> list[str]:
    told = []
    for level in dict.fromkeys(str(row["level"]) for row in products):
        mine = sorted((row for row in products if row["level"] == level), key=lambda row: int(row["rank"]))[:ITEMS]
        items = ", ".join(f"{named(row['item'])} ({_because(row)})" for row in mine)
        told.append(f"Most likely to be bought next, by {level}: {items or NOTHING}.")
    return told


def _because(row: Mapping[str, Any]) -> str:
    chance = share(float(row["chance"])) if row.get("chance") is not None else ""
    return ", ".join(part for part in (chance, str(row.get("why") or "")) if part)
