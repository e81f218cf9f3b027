"""Drawn customers as the tables of a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from smalti.samples.baskets import main_category
from smalti.samples.catalogue import CATEGORIES, PRODUCTS, SHELF
from smalti.samples.columns import Ints, instants, numbered, pounds, words
from smalti.samples.lives import instants_of
from smalti.samples.people import CONSENTS, COUNTRIES, GENDERS, SOURCES
from smalti.samples.personas import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smalti.samples.blocks import Drawn
    from smalti.samples.personas import Persona
    from smalti.samples.seasons import Clock

_DAY = 86400
_YEAR_DAYS = 365.25


def orders_tables(found: Drawn) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Give the orders, the order items and the returns, each by time."""
    ids = _customer_ids(len(found.who.persona))
    by_time = np.argsort(found.bought.at, kind="stable")
    rank = np.empty_like(by_time)
    rank[by_time] = np.arange(len(by_time))
    items_by_time = np.argsort(rank[found.sold.order], kind="stable")
    returns_by_time = np.argsort(found.sent_back.at, kind="stable")
    return (
        _orders(found, by_time, ids),
        _items(found, items_by_time, ids),
        _returns(found, returns_by_time, ids),
    )


def _customer_ids(customers: int) -> pa.Array:
    return numbered(("C", np.arange(1, customers + 1), 6))


def _order_ids(letter: str, found: Drawn, orders: Ints) -> pa.Array:
    return numbered((letter, found.bought.customer[orders] + 1, 6), ("-", found.bought.number[orders], 3))


def _orders(found: Drawn, rows: Ints, ids: pa.Array) -> pa.Table:
    sold, bought = found.sold, found.bought

    def total(pence: Ints) -> pa.Array:
        sums = np.bincount(sold.order, pence, minlength=len(bought.at))
        return pounds(np.rint(sums).astype(np.int64)[rows])

    return pa.table(
        {
            "order_id": _order_ids("O", found, rows),
            "customer_id": ids.take(pa.array(bought.customer[rows])),
            "ordered_at": instants(bought.at[rows]),
            "revenue": total(sold.amount),
            "category": words(CATEGORIES, main_category(sold, len(bought.at))[rows]),
            "channel": words(CHANNELS, found.channel[rows]),
            "discount": total(sold.quantity * (sold.listed - sold.price)),
            "cost": total(sold.quantity * sold.cost),
        }
    )


def _items(found: Drawn, rows: Ints, ids: pa.Array) -> pa.Table:
    orders = found.sold.order[rows]
    head = {
        "order_id": _order_ids("O", found, np.arange(len(found.bought.at))).take(pa.array(orders)),
        "customer_id": ids.take(pa.array(found.bought.customer[orders])),
        "ordered_at": instants(found.bought.at[orders]),
    }
    return pa.table(head | _what(found, rows, sign=1))


def _returns(found: Drawn, rows: Ints, ids: pa.Array) -> pa.Table:
    items = found.sent_back.line[rows]
    orders = found.sold.order[items]
    head = {
        "order_id": _order_ids("R", found, orders),
        "customer_id": ids.take(pa.array(found.bought.customer[orders])),
        "ordered_at": instants(found.sent_back.at[rows]),
    }
    return pa.table(head | _what(found, items, sign=-1) | {"returned_order_id": _order_ids("O", found, orders)})


def _what(found: Drawn, items: Ints, sign: int) -> dict[str, pa.Array]:
    """The columns that say what a line is about, with its amounts under this sign."""
    product, price = found.sold.product[items], found.sold.price[items]
    quantity = sign * found.sold.quantity[items]
    return {
        "product": words(PRODUCTS, product),
        "category": words(CATEGORIES, product // SHELF),
        "channel": words(CHANNELS, found.channel[found.sold.order[items]]),
        "quantity": pa.array(quantity),
        "price": pounds(price),
        "amount": pounds(quantity * price),
        "discount": pounds(quantity * (found.sold.listed[items] - price)),
        "cost": pounds(quantity * found.sold.cost[items]),
    }


def customers_table(found: Drawn, start: int, end: int) -> pa.Table:
    """Give what is known of each customer, by customer_id."""
    people = found.people
    born = end // _DAY - np.floor(people.age * _YEAR_DAYS).astype(np.int64)
    first = found.bought.at[found.bought.number == 1] // _DAY
    consent = pa.array(CONSENTS, pa.bool_())
    return pa.table(
        {
            "customer_id": _customer_ids(len(people.age)),
            "country": words(COUNTRIES, people.country),
            "birth_date": pa.array(born.astype(np.int32), pa.int32(), mask=~people.age_told).cast(pa.date32()),
            "gender": words(GENDERS, people.gender),
            "signed_up_on": pa.array(np.maximum(first - people.waited, start // _DAY).astype(np.int32)).cast(
                pa.date32()
            ),
            "source": words(SOURCES, people.source),
            "email_consent": consent.take(pa.array(people.email)),
            "sms_consent": consent.take(pa.array(people.sms)),
            "post_consent": consent.take(pa.array(people.post)),
        }
    )


def truth_table(found: Drawn, personas: Sequence[Persona], clocks: Mapping[str, Clock]) -> pa.Table:
    """Give what is true of each customer, by customer_id."""
    who = found.who
    length = np.array([clocks[kind.season].length for kind in personas])[who.persona]
    return pa.table(
        {
            "customer_id": _customer_ids(len(who.persona)),
            "persona": words([kind.name for kind in personas], who.persona),
            "suits": words([kind.suits for kind in personas], who.persona),
            "rate_per_week": who.rate * 7,
            "dropout": who.dropout,
            "first_order_at": instants(instants_of(who.born, who.persona, personas, clocks)),
            "died_at": instants(instants_of(who.died, who.persona, personas, clocks), who.died >= length),
            "mean_spend": who.spend / 100,
            "price_sensitivity": who.sensitivity,
            "return_rate": who.returning,
            "favourite_category": words(CATEGORIES, who.favourite),
            "main_channel": words(CHANNELS, who.channel),
        }
    )
