"""What an invented shop has sent its customers lately: whom, by which channel, what it cost, and when they opened it.

Everybody has an hour of the day at which she reads: that of a hash of her id. What is sent is decided by hashes too, so that
the contacts of a customer do not depend on how many customers there are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import draw_of
from smalti.samples.columns import Floats, Ints, instants, pounds, words

if TYPE_CHECKING:
    from smalti.samples.invention import Shop

READING_HOURS = (7, 12, 18, 21)
"""The hours at which customers read, by the clock of UTC."""
ZONES = {
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "FR": "Europe/Paris",
    "DE": "Europe/Berlin",
    "NL": "Europe/Amsterdam",
    "US": "America/New_York",
}
"""By country the time zone in which its customers live."""
_DAY = 86400
_LASTING = 182
"""Days before the end in which contacts are made."""


class _Mailing(NamedTuple):
    """Something that is sent again and again.

    Attributes:
        treatment: What it is called.
        purpose: What it is for.
        channel: How it is sent.
        consent: The column that says who agreed.
        every: Days between two of them.
        share: How many of those who agreed get each.
        pence: What one costs.
    """

    treatment: str
    purpose: str
    channel: str
    consent: str
    every: int
    share: float
    pence: int


MAILINGS = (
    _Mailing("newsletter", "news", "email", "email_consent", 14, 0.9, 2),
    _Mailing("catalogue", "news", "post", "post_consent", 42, 0.5, 85),
    _Mailing("come_back", "win_back", "email", "email_consent", 21, 0.05, 5),
)


def contacts(shop: Shop) -> pa.Table:
    """Give what an invented shop has sent its customers in the last half year, by time.

    Args:
        shop: The shop.

    Returns:
        touch_id, customer_id, at, treatment, step, purpose, channel, cost (pounds), opened_at (missing where it was not).

    >>> from smalti.samples import shop
    >>> sent = contacts(shop(50))
    >>> sent.column_names[:4], sent.num_rows > 50
    (['touch_id', 'customer_id', 'at', 'treatment'], True)
    """
    table = pa.concat_tables([_sent(shop, one) for one in MAILINGS])
    order = pc.sort_indices(table, [(name, "ascending") for name in ("at", "customer_id", "treatment")])
    return table.take(order).combine_chunks()


def with_clocks(shop: Shop) -> Shop:
    """Give the shop with the time zone of each customer, a column ``time_zone`` of its customers, by the country she lives in.

    >>> from smalti.samples import shop
    >>> sorted(set(with_clocks(shop(50)).customers["time_zone"].to_pylist()))[-1]
    'Europe/Paris'
    """
    country = shop.customers["country"]
    zone = pa.array(list(ZONES.values())).take(pc.index_in(country, pa.array(list(ZONES))).combine_chunks())
    return replace(shop, customers=shop.customers.append_column("time_zone", zone))


def reading_hour(customer_id: str) -> int:
    """Give the hour of the day at which a customer reads what she is sent.

    >>> reading_hour("C000001") in READING_HOURS
    True
    """
    return READING_HOURS[int(draw_of("reading hour", customer_id) * len(READING_HOURS))]


def _sent(shop: Shop, mailing: _Mailing) -> pa.Table:
    ids = shop.customers["customer_id"].to_pylist()
    agreed = np.asarray(shop.customers[mailing.consent].fill_null(False))
    opens = np.asarray(shop.truth["open_rate"].to_numpy(), dtype=np.float64)
    joined = np.asarray(shop.truth["first_order_at"].cast(pa.int64()).to_numpy()) // 1_000_000
    hours = np.array([reading_hour(one) for one in ids], dtype=np.int64)
    days = range(mailing.every // 4, _LASTING, mailing.every)
    rounds = [_round(shop, mailing, days[place], ids, place) for place in range(len(days))]
    columns: dict[str, list[Ints]] = {"customer": [], "at": [], "opened": []}
    for at, chance, chance_of_opening in rounds:
        reached = np.flatnonzero(agreed & (joined < at) & (chance < mailing.share))
        opened = chance_of_opening[reached] < np.minimum(0.15 + opens[reached], 0.9)
        read = _read_at(at, hours[reached], chance_of_opening[reached])
        columns["customer"].append(reached)
        columns["at"].append(np.full(len(reached), at))
        columns["opened"].append(np.where(opened & (mailing.channel == "email"), read, 0))
    return _table(mailing, ids, {name: np.concatenate(one) for name, one in columns.items()})


def _round(shop: Shop, mailing: _Mailing, day: int, ids: list[str], number: int) -> tuple[int, Floats, Floats]:
    """Give when one mailing went out, and two draws of everybody."""
    morning = (shop.end - timedelta(days=day)).replace(hour=9, minute=0, second=0, microsecond=0)
    names = (f"{mailing.treatment} {number}", f"{mailing.treatment} {number} opened")
    sent, opened = (np.array([draw_of(f"{shop.seed} {name}", one) for one in ids]) for name in names)
    return int(morning.timestamp()), sent, opened


def _read_at(sent: int, hours: Ints, draw: Floats) -> Ints:
    """Give when it is read: at the hour at which she reads, the day it is sent or, where that has passed, on the next."""
    same_day = sent // _DAY * _DAY + hours * 3600 + (draw * 7_000).astype(np.int64) % 1_800
    return np.where(same_day > sent, same_day, same_day + _DAY)


def _table(mailing: _Mailing, ids: list[str], sent: dict[str, Ints]) -> pa.Table:
    count = len(sent["customer"])
    customer = pa.array(ids).take(pa.array(sent["customer"]))
    at = instants(sent["at"])
    number = pa.array(sent["at"] // _DAY).cast(pa.string())
    return pa.table(
        {
            "touch_id": pc.binary_join_element_wise(mailing.treatment, customer, number, "-"),
            "customer_id": customer,
            "at": at,
            "treatment": words([mailing.treatment], np.zeros(count, dtype=np.int64)),
            "step": pa.array(np.ones(count, dtype=np.int64)),
            "purpose": words([mailing.purpose], np.zeros(count, dtype=np.int64)),
            "channel": words([mailing.channel], np.zeros(count, dtype=np.int64)),
            "cost": pounds(np.full(count, mailing.pence)),
            "opened_at": instants(sent["opened"], sent["opened"] == 0),
        }
    )
