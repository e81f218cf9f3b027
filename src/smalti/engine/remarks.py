"""What a reader should know before believing a run: facts not visible yet, ids that do not meet, attributes without a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalti.facts import CUSTOMERS, ORDERS, Currency, Stream, format_minor
from smalti.project import Project
from smalti.segments import Framework, Seen, enough
from smalti.store import Store


def remarks(
    store: Store, streams: Mapping[str, Stream], project: Project, account: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Give the remarks in sentences.

    Args:
        store: Where the streams are.
        streams: The streams.
        project: The project.
        account: The account of each source, as `account_info` gives it.
    """
    found = [*_later(account, Currency(project.currency)), *_timeless(project)]
    if {CUSTOMERS.name, ORDERS.name} <= streams.keys():
        found += _unmet(store)
    if ORDERS.name not in streams and "spend_total" not in dict(project.traits):
        found.append("there are no orders, and no attributes were taken for spend: nothing is reckoned in money")
    return tuple(found)


def too_little(frameworks: Sequence[Framework], there: Seen) -> tuple[str, ...]:
    """Say of each framework that rests on too little what it lacks, in a sentence.

    >>> from smalti.segments import standard_framework
    >>> too_little([standard_framework("tenure")], Seen(20, history_days=400.0))
    ('tenure rests on little: 400 days of history, wanted at least 1,095 (history beyond the longest cut)',)
    """
    lacks = ((one, enough(one, there)) for one in frameworks)
    return tuple(
        f"{one.name} rests on little: {'; '.join(found)} ({one.minimum.because})" for one, found in lacks if found
    )


def _later(account: Sequence[Mapping[str, Any]], currency: Currency) -> list[str]:
    return [
        f"{one['source']}: {one['after_as_of']['facts']:,} facts lie after the as-of instant and do not count"
        + (f", {format_minor(one['after_as_of']['money'], currency)} of what was kept" if one["money"] else "")
        for one in account
        if one["after_as_of"]["facts"]
    ]


def _timeless(project: Project) -> list[str]:
    sources = dict(project.sources)
    if CUSTOMERS.name not in sources or sources[CUSTOMERS.name].at is not None:
        return []
    return ["attributes carry no date, so they and the customers they name are taken to have been known always"]


def _unmet(store: Store) -> list[str]:
    row = store.read(
        "SELECT count(*) AS buyers, count(c.customer_id) AS met FROM (SELECT DISTINCT customer_id FROM orders) AS o "
        "LEFT JOIN (SELECT DISTINCT customer_id FROM customers) AS c USING (customer_id)"
    ).to_pylist()[0]
    if row["met"] >= 0.5 * row["buyers"]:
        return []
    return [
        f"only {row['met']:,} of {row['buyers']:,} customers with orders are among the customers with attributes; "
        "do both files write the ids alike, leading zeros included?"
    ]
