"""An invented shop: customers with a known truth, and the order file they would have left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smalti.errors import SmaltiError, nearest
from smalti.samples.blocks import drawn
from smalti.samples.personas import NICHE, PERSONAS, SEASONS
from smalti.samples.seasons import clock
from smalti.samples.tables import (
    answers_table,
    customers_table,
    events_table,
    orders_tables,
    tickets_table,
    truth_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from smalti.samples.personas import Persona

START = datetime(2023, 7, 1, tzinfo=UTC)
END = datetime(2026, 7, 1, tzinfo=UTC)
_MOST = 2_000_000


@dataclass(frozen=True, eq=False)
class Shop:
    """An invented shop. Instants are timestamp[us, UTC] at whole seconds, money is decimal(12, 2) in pounds.

    Attributes:
        orders: One row per order, by time: order_id, customer_id, ordered_at, revenue (as paid, the exact sum of its
            lines), category (of its dearest line), channel (web, shop, phone), discount (taken off, zero and up),
            cost (of the goods), occasion (christmas, birthday or missing).
        order_items: One row per order line: order_id, customer_id, ordered_at, product, category, channel, quantity,
            price (of a piece, as paid), amount (quantity x price), discount, cost, occasion. No product stands twice in
            an order.
        returns: One row per line sent back, whole: the columns of order_items with order_id ``R...`` instead of
            ``O...``, quantity, amount, discount and cost below zero, and returned_order_id. Not contained in the
            other two.
        customers: One row per customer: customer_id, country, birth_date, gender, signed_up_on, source, email_consent,
            sms_consent, post_consent, city, postcode, email, phone (real cities and a few villages that are on no map; all
            addresses reach nobody), company (for which the customer buys), trade (of the company: office, school, studio,
            cafe, workshop), role (decision_maker, buyer, user, influencer, gatekeeper). All but the first two, the date
            and the source may be missing.
        events: One row per thing done beside buying in the last 400 days, by time: event_id, customer_id, at, name (visit,
            open and click of the newsletter, and the features wishlist, review, reorder), category (looked at; missing of
            opens and clicks).
        answers: One row per customer who answered a survey, by time: customer_id, at, and whether she wants it or has left it
            open: wants_low_price, wants_easy_returns, wants_fast_delivery, wants_one_stop, wants_lasting_quality,
            wants_fairly_made, wants_advice, wants_gift_ideas, wants_something_new.
        tickets: One row per case of the help desk, by time: ticket_id, customer_id, at, topic (delivery, product, invoice,
            return, complaint), cost (what it cost the shop).
        truth: One row per customer: customer_id, persona, suits (the strategy the persona was invented for),
            rate_per_week, dropout, first_order_at, died_at (the purchase after which the customer left; missing while
            alive), mean_spend (pounds per order), price_sensitivity (chance that an order is bought on offer),
            return_rate (chance that a line comes back), favourite_category, main_channel, needs_group (thrifty, hurried,
            careful, inspired), visits_per_month and open_rate (while alive; of those who get the newsletter), complainer
            (whose tickets cost more than she brings), niche (one of the cafes of `niche`).
        seed: What it was drawn from.
        start: No order is earlier.
        end: Every order and return is earlier.
    """

    orders: pa.Table
    order_items: pa.Table
    returns: pa.Table
    customers: pa.Table
    events: pa.Table
    answers: pa.Table
    tickets: pa.Table
    truth: pa.Table
    seed: int
    start: datetime
    end: datetime


def shop(
    customers: int = 2000,
    *,
    seed: int = 7,
    start: datetime = START,
    end: datetime = END,
    personas: Sequence[Persona] = PERSONAS,
    niche: bool = False,
) -> Shop:
    """Invent a shop: the same arguments give the same bytes, and a customer's history does not depend on their number.

    Every customer has at least one order. Purchases follow the modified BG/NBD in shopping time (see `seasons`),
    order values the Gamma-Gamma model, with parameters that differ between personas.

    Args:
        customers: How many, at most two million.
        seed: Zero or more.
        start: No order is earlier; without a time zone it is taken as UTC. Whole seconds count.
        end: Every order is earlier; as start.
        personas: Who shops here.
        niche: Also invent cafes that were recommended the shop: some 0.3 % of the customers with some 10 % of the margin. All
            other customers are then others, too.

    Raises:
        SmaltiError: If a number is out of range, the end is not a day after the start, or a persona is wrong.

    >>> invented = shop(100)
    >>> invented.customers.num_rows, invented.orders.num_rows > 500
    (100, True)
    >>> invented.orders.column_names
    ['order_id', 'customer_id', 'ordered_at', 'revenue', 'category', 'channel', 'discount', 'cost', 'occasion']
    """
    personas = (*personas, NICHE) if niche else personas
    first, last = _seconds(start), _seconds(end)
    _check(customers, seed, last - first, personas)
    clocks = {season: clock(season, first, last) for season in sorted({kind.season for kind in personas})}
    found = drawn(customers, personas, clocks, seed, last)
    orders, order_items, returns = orders_tables(found)
    return Shop(
        orders=orders,
        order_items=order_items,
        returns=returns,
        customers=customers_table(found, first, last),
        events=events_table(found),
        answers=answers_table(found),
        tickets=tickets_table(found),
        truth=truth_table(found, personas, clocks),
        seed=seed,
        start=datetime.fromtimestamp(first, UTC),
        end=datetime.fromtimestamp(last, UTC),
    )


def _seconds(instant: datetime) -> int:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return int(aware.timestamp())


def _check(customers: int, seed: int, seconds: int, personas: Sequence[Persona]) -> None:
    if not 1 <= customers <= _MOST:
        raise SmaltiError(f"An invented shop has 1 to {_MOST:,} customers, not {customers:,}.")
    if seed < 0:
        raise SmaltiError(f"A seed is a whole number of zero or more, not {seed}.")
    if seconds < 86400:
        raise SmaltiError(
            "An invented shop is open for at least a day: its end must be a day after its start, or later."
        )
    if not any(kind.share > 0 for kind in personas):
        raise SmaltiError("An invented shop needs at least one persona with a share above zero.")
    for kind in personas:
        if kind.season not in SEASONS:
            hint = nearest(kind.season, SEASONS)
            known = f"did you mean '{hint}'?" if hint else f"known are {', '.join(SEASONS)}."
            raise SmaltiError(f"Persona '{kind.name}' follows an unknown season '{kind.season}'; {known}")
