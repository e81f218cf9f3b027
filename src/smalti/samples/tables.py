"""Drawn customers as the tables of a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.samples.addresses import CITIES, DOMAINS, NAMES, PHONES, POSTCODES
from smalti.samples.baskets import main_category
from smalti.samples.catalogue import CATEGORIES, PRODUCTS, SHELF
from smalti.samples.columns import Flags, Ints, instants, numbered, pounds, words
from smalti.samples.companies import ROLES, TRADES
from smalti.samples.engagement import EVENTS
from smalti.samples.lives import instants_of
from smalti.samples.needs import GROUPS, QUESTIONS
from smalti.samples.occasions import OCCASIONS
from smalti.samples.people import CONSENTS, COUNTRIES, GENDERS, SOURCES
from smalti.samples.personas import CHANNELS
from smalti.samples.tickets import TOPICS

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
            "occasion": words(OCCASIONS, found.occasion[rows]),
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
        "occasion": words(OCCASIONS, found.occasion[found.sold.order[items]]),
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
            **_addresses(found),
            **_work(found),
        }
    )


def _told(values: pa.Array, told: Flags) -> pa.Array:
    return pc.if_else(pa.array(told), values, None)


def _addresses(found: Drawn) -> dict[str, pa.Array]:
    where = found.where
    number = numbered((".", np.arange(1, len(where.city) + 1), 6))
    email = pc.binary_join_element_wise(words(NAMES, where.name), number, words(DOMAINS, where.domain), "")
    return {
        "city": _told(words(CITIES, where.city), where.city_told),
        "postcode": _told(words(POSTCODES, where.postcode), where.postcode_told),
        "email": _told(email, where.email_told),
        "phone": _told(words(PHONES, where.phone), where.phone_told),
    }


def _work(found: Drawn) -> dict[str, pa.Array]:
    works = found.works
    employed = works.company >= 0
    trade = words([f" {trade.capitalize()} " for trade in TRADES], works.trade)
    first = words([name.capitalize() for name in NAMES], works.company % len(NAMES))
    number = numbered(("", np.maximum(works.company, 0) + 1, 1))
    return {
        "company": _told(pc.binary_join_element_wise(first, trade, number, ""), employed),
        "trade": _told(words(TRADES, works.trade), employed),
        "role": _told(words(ROLES, works.role), employed & works.role_told),
    }


def events_table(found: Drawn) -> pa.Table:
    """Give what customers did beside buying, by time."""
    did = found.did
    rows = np.argsort(did.at, kind="stable")
    customer = did.customer[rows] + 1
    return pa.table(
        {
            "event_id": numbered(("E", customer, 6), ("-", did.number[rows], 4)),
            "customer_id": numbered(("C", customer, 6)),
            "at": instants(did.at[rows]),
            "name": words(EVENTS, did.name[rows]),
            "category": words([*CATEGORIES, None], did.category[rows] % (len(CATEGORIES) + 1)),
        }
    )


def answers_table(found: Drawn) -> pa.Table:
    """Give what customers answered when they were asked what they want, by time: a row for each who answered."""
    asked = found.asked
    who = np.flatnonzero(asked.answered)
    rows = who[np.argsort(asked.at[who], kind="stable")]
    said = {
        f"wants_{name}": pa.array(asked.yes[rows, place], mask=asked.skipped[rows, place])
        for place, name in enumerate(QUESTIONS)
    }
    return pa.table({"customer_id": numbered(("C", rows + 1, 6)), "at": instants(asked.at[rows]), **said})


def tickets_table(found: Drawn) -> pa.Table:
    """Give what customers came to the help desk with, by time."""
    made = found.tickets
    rows = np.argsort(made.at, kind="stable")
    customer = made.customer[rows] + 1
    return pa.table(
        {
            "ticket_id": numbered(("T", customer, 6), ("-", made.number[rows], 3)),
            "customer_id": numbered(("C", customer, 6)),
            "at": instants(made.at[rows]),
            "topic": words(TOPICS, made.topic[rows]),
            "cost": pounds(made.cost[rows]),
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
            "needs_group": words(GROUPS, found.asked.group),
            "visits_per_month": found.lively.visits,
            "open_rate": found.lively.opens,
            "complainer": pa.array(found.complains),
            "niche": pa.array(np.array([kind.trade != "" for kind in personas])[who.persona]),
        }
    )
