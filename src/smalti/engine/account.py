"""The account of a run for ``run.json``: what the sources accounted for, and what lies after the as-of instant."""

from __future__ import annotations

from typing import Any

from smalti.facts import ORDERS, RETURNS, Currency, Instant
from smalti.sources import Account, Loaded
from smalti.sources.account import Tally
from smalti.store import Store


def account_info(store: Store, loaded: Loaded, currency: Currency, at: Instant) -> list[dict[str, Any]]:
    """Give each source's account: rows and money kept, returned, set aside; of the kept, what is not visible yet."""
    return [_one(store, loaded, account, currency, at) for account in loaded.accounts]


def _one(store: Store, loaded: Loaded, account: Account, currency: Currency, at: Instant) -> dict[str, Any]:
    with_money = account.exact is not None
    after = _after(store, loaded, account, at)
    return {
        "source": account.source,
        "currency": currency.code,
        "rows": {name: tally.rows for name, tally in _tallies(account).items()},
        "money": {name: tally.money for name, tally in _tallies(account).items()} if with_money else None,
        "after_as_of": {"facts": after.rows, "money": after.money},
        "reasons": [{"reason": reason, "rows": tally.rows, "money": tally.money} for reason, tally in account.reasons],
        "balanced": account.balances,
        "rounding": str(account.rounding),
        "sentence": " ".join(account.sentences(currency)[:1]),
    }


def _tallies(account: Account) -> dict[str, Tally]:
    return {"total": account.total, "kept": account.kept, "returns": account.returns, "set_aside": account.set_aside}


def _after(store: Store, loaded: Loaded, account: Account, at: Instant) -> Tally:
    measures = (
        {ORDERS.name: "sum(revenue)", RETURNS.name: "-sum(refund)"}
        if account.source == ORDERS.name
        else {account.source: "0"}
    )
    found = Tally()
    for stream, measure in measures.items():
        if stream in loaded.streams:
            row = store.read(f'SELECT count(*) AS n, {measure} AS money FROM "{stream}" WHERE "at" > {at}').to_pylist()[
                0
            ]
            found += Tally(row["n"], int(row["money"] or 0))
    return found
