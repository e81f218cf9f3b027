"""The standard traits: recency, frequency, spend, tenure, rhythm, returns, range, discounts, tickets.

Each is a text in the language. One is there when every stream, column and trait it speaks of is there, so a project that
defines a trait under a standard name - from attributes, say, where there are no orders - carries all that stand on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from smalti.facts import CUSTOMERS, ORDER_ITEMS, ORDERS, Stream
from smalti.rules import Aggregate, Name, Node, names_in, parse, walk
from smalti.traits.definitions import TraitDefinition

_STANDARD: dict[str, tuple[str, str]] = {
    "first_order_at": ("first(orders.at)", "first order"),
    "last_order_at": ("last(orders.at)", "latest order"),
    "days_since_first_order": ("days_since(first_order_at)", "days since the first order"),
    "days_since_order": ("days_since(last_order_at)", "days since the latest order"),
    "orders_total": ("count(orders)", "orders ever"),
    "orders_365d": ("count(orders, last 365 days)", "orders in the last year"),
    "orders_90d": ("count(orders, last 90 days)", "orders in the last 90 days"),
    "purchase_days": ("distinct(orders.day)", "days with an order"),
    "spend_total": ("sum(orders.revenue)", "spend ever"),
    "spend_365d": ("sum(orders.revenue, last 365 days)", "spend in the last year"),
    "spend_90d": ("sum(orders.revenue, last 90 days)", "spend in the last 90 days"),
    "first_order_value": ("first(orders.revenue)", "value of the first order"),
    "mean_order_value": ("spend_total / orders_total", "average order"),
    "typical_gap_days": (
        "case when purchase_days >= 2 then (last_order_at - first_order_at) / 1 day / (purchase_days - 1) end",
        "usual days between orders",
    ),
    "cost_365d": ("sum(orders.cost, last 365 days)", "cost of goods in the last year"),
    "costed_spend_365d": (
        "sum(orders.revenue, last 365 days, where cost is not missing)",
        "spend in the last year on goods of known cost",
    ),
    "discount_365d": ("sum(orders.discount, last 365 days)", "discounts in the last year"),
    "discount_share": ("discount_365d / (spend_365d + discount_365d)", "share of the price given as discount"),
    "discount_known_orders": ("count(orders, where discount is not missing)", "orders of known discount"),
    "discounted_orders": ("count(orders, where discount > 0)", "orders with a discount"),
    "discounted_order_share": ("discounted_orders / discount_known_orders", "share of orders with a discount"),
    "favourite_channel": ("most_frequent(orders.channel)", "favourite channel"),
    "channels_used": ("distinct(orders.channel)", "channels used"),
    "returns_total": ("count(returns)", "returns ever"),
    "returns_365d": ("count(returns, last 365 days)", "returns in the last year"),
    "refunds_365d": ("sum(returns.refund, last 365 days)", "refunds in the last year"),
    "refund_share": ("sum(returns.refund) / spend_total", "share of spend given back"),
    "products_365d": ("distinct(order_items.product, last 365 days)", "different products in the last year"),
    "categories_365d": ("distinct(order_items.category, last 365 days)", "different categories in the last year"),
    "favourite_category": ("most_frequent(order_items.category)", "favourite category"),
    "tickets_365d": ("count(tickets, last 365 days)", "tickets in the last year"),
}
_WITHOUT_ITEMS: dict[str, str] = {
    "categories_365d": "distinct(orders.category, last 365 days)",
    "favourite_category": "most_frequent(orders.category)",
}
"""What stands in where orders are known but not their lines."""
_WITHOUT_ORDERS: dict[str, str] = {
    "typical_gap_days": (
        "case when purchase_days >= 2 then (days_since_first_order - days_since_order) / (purchase_days - 1) end"
    )
}
"""What stands in where attributes tell how long ago orders were, but not when."""

TITLES: dict[str, str] = {name: title for name, (_, title) in _STANDARD.items()}
"""What the standard traits are called in a sentence."""


def standard_traits(streams: Mapping[str, Stream], own: Mapping[str, TraitDefinition]) -> dict[str, TraitDefinition]:
    """Give the standard traits that these streams and the project's own traits can carry, without the own ones.

    >>> from smalti.facts import Column, Type
    >>> orders = Stream("orders", (Column("revenue", Type.MONEY),))
    >>> "spend_365d" in standard_traits({"orders": orders}, {}), "cost_365d" in standard_traits({"orders": orders}, {})
    (True, False)
    """
    texts = {name: text for name, (text, _) in _STANDARD.items()}
    texts |= {} if ORDER_ITEMS.name in streams else _WITHOUT_ITEMS
    texts |= {} if ORDERS.name in streams else _WITHOUT_ORDERS
    candidates = {
        name: TraitDefinition(value=text, title=TITLES[name]) for name, text in texts.items() if name not in own
    }
    names = set(own) | set(streams[CUSTOMERS.name].names if CUSTOMERS.name in streams else ())
    trees = {name: parse(definition.value) for name, definition in candidates.items()}
    found: dict[str, TraitDefinition] = {}
    while True:
        ready = [
            name for name in candidates if name not in found and _carried(trees[name], streams, names | found.keys())
        ]
        if not ready:
            return {name: found[name] for name in candidates if name in found}
        found |= {name: candidates[name] for name in ready}


def _carried(tree: Node, streams: Mapping[str, Stream], names: set[str]) -> bool:
    aggregates = [node for node in walk(tree) if isinstance(node, Aggregate)]
    return names_in(tree) <= names and all(_there(one, streams.get(one.stream)) for one in aggregates)


def _there(aggregate: Aggregate, stream: Stream | None) -> bool:
    if stream is None:
        return False
    filtered = walk(aggregate.where) if aggregate.where is not None else ()
    spoken = {node.name for node in filtered if isinstance(node, Name)}
    spoken |= {aggregate.column} if aggregate.column is not None else set()
    return spoken <= {"at", *stream.names}
