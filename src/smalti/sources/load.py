"""Everything a project reads, into the store: `load`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from smalti.errors import SourceError
from smalti.facts import CUSTOMERS, DAY, ORDER_ITEMS, ORDERS, RETURNS, Currency, Instant, Stream
from smalti.sources.account import Account, Tally, ordered, settle
from smalti.sources.attributes import Attributes, told
from smalti.sources.definitions import SourceDefinition
from smalti.sources.files import Fingerprint, SourceFile, find_files, fingerprint, watch
from smalti.sources.guess import complete
from smalti.sources.orders import Written, set_aside_repeats, write_orders, write_own
from smalti.sources.staging import Setting, Staged, look, stage, time_zone_of
from smalti.sources.touches import standard_of
from smalti.store import Store


@dataclass(frozen=True)
class Loaded:
    """What was read.

    Attributes:
        streams: The tables put into the store, with the columns they have.
        accounts: What became of each source's rows and money.
        set_aside: Rows set aside, ordered by source and row, with the columns of `SET_ASIDE`.
        fingerprints: The files as they were read.
        notes: What was taken for granted, in sentences.
        definitions: The definitions as they were used, nothing left open.
    """

    streams: dict[str, Stream]
    accounts: tuple[Account, ...]
    set_aside: pa.Table
    fingerprints: tuple[Fingerprint, ...]
    notes: tuple[str, ...]
    definitions: dict[str, SourceDefinition]


def load(
    store: Store,
    definitions: Mapping[str, SourceDefinition],
    *,
    currency: Currency,
    time_zone: str,
    now: Instant | None = None,
    home: Path | None = None,
) -> Loaded:
    r"""Read all sources into the store, a table for each stream.

    Args:
        store: Where the tables go.
        definitions: By the source's name: ``orders``, ``customers``, or the name of a stream of the project's own.
        currency: Of all money.
        time_zone: Of moments without an offset; an IANA name.
        now: Facts more than a day after it are set aside; None takes the clock.
        home: The folder that relative file names start from; None takes the working folder.

    Raises:
        SourceError: A file cannot be read or understood as a whole, changed while it was read, or none of its rows can be
            used.

    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text("who,day,total\nann,2026-01-05,9.50\nbob,2026-01-06,n/a\n")
    >>> with Store() as store:
    ...     loaded = load(store, {"orders": SourceDefinition(files=("orders.csv",))}, currency=Currency("GBP"),
    ...         time_zone="UTC", home=folder)
    ...     store.table("orders").to_pylist()
    [{'customer_id': 'ann', 'at': 1767571200000000, 'day': 20458, 'revenue': 950}]
    >>> loaded.set_aside.to_pylist()
    [{'source': 'orders.csv', 'row': 2, 'reason': 'unreadable amount', 'found': 'n/a', 'amount': None}]
    """
    latest = (now if now is not None else time.time_ns() // 1_000) + DAY
    setting = Setting(currency, time_zone_of(time_zone), latest)
    streams: dict[str, Stream] = {}
    accounts, aside, prints, notes, used = [], [], [], [], {}
    for name, given in definitions.items():
        if name in (ORDER_ITEMS.name, RETURNS.name):
            raise SourceError(f"a source cannot be named '{name}': that table is made from the orders")
        files = find_files(given.files, home)
        watched = watch(files)
        definition = complete(given, name, home)
        prints += [fingerprint(file) for file in files]
        if name == CUSTOMERS.name:
            part = _load_customers(store, definition, files, setting)
        else:
            part = _load_lines(store, name, definition, files, setting)
        watched.check()
        streams |= part.streams
        accounts.append(part.account)
        aside.append(part.set_aside)
        notes += part.notes
        used[name] = part.definition
    return Loaded(streams, tuple(accounts), ordered(aside), tuple(prints), tuple(notes), used)


@dataclass(frozen=True)
class _Part:
    streams: dict[str, Stream]
    account: Account
    set_aside: pa.Table
    notes: list[str]
    definition: SourceDefinition


def _load_customers(
    store: Store, definition: SourceDefinition, files: tuple[SourceFile, ...], setting: Setting
) -> _Part:
    check_names(CUSTOMERS.name, definition)
    attributes = Attributes(definition, files, setting)
    stream = attributes.write(store)
    total, kept = Tally(attributes.rows), Tally(attributes.kept)
    account = settle(CUSTOMERS.name, attributes.ledger, total, kept, Tally(), None)
    return _Part({CUSTOMERS.name: stream}, account, attributes.ledger.table(), attributes.notes, definition)


def _load_lines(
    store: Store, name: str, definition: SourceDefinition, files: tuple[SourceFile, ...], setting: Setting
) -> _Part:
    check_names(name, definition)
    money = name == ORDERS.name
    looked = look(definition, files, setting, money=money, standard=standard_of(name))
    with tempfile.TemporaryDirectory(prefix="smalti-") as folder:
        staged = stage(looked, setting, Path(folder))
        stay = set_aside_repeats(staged, definition.duplicates)
        written = write_orders(store, staged, stay) if money else write_own(store, name, staged, stay)
    if not written.kept.rows and not written.returns.rows:
        raise SourceError(f"no row of {', '.join(file.name for file in files)} is usable: {told(staged.ledger)}")
    return _settled(store, name, staged, written, setting)


def _settled(store: Store, name: str, staged: Staged, written: Written, setting: Setting) -> _Part:
    totals = staged.totals
    total = Tally(totals.rows, totals.money)
    exact = None
    if name == ORDERS.name:
        exact = (totals.exact, setting.currency.places)
        _check_tables(store, written)
    account = settle(name, staged.ledger, total, written.kept, written.returns, exact)
    notes = staged.notes + [
        f"{count:,} values of '{column}' could not be read and were left empty"
        for column, count in sorted(totals.unreadable.items())
    ]
    return _Part(written.streams, account, staged.ledger.table(), notes, staged.looked.definition)


_TAKEN = {"customer_id": "customer_number", "at": "at_time"}
"""Names that facts have already, with one to take instead."""

_GIVEN = {"amount": "revenue", "day": "order_day", "seq": "number", "back": "sent_back", "cancelled": "is_cancelled"}
"""Names that lines of orders have already besides."""


def check_names(name: str, definition: SourceDefinition) -> None:
    """Check what a definition says, before its files are read.

    Raises:
        SourceError: It lacks its date or its money, gives a column a name that is taken or the name of another, or names
            an id where facts have none of their own.
    """
    named = definition.mapping
    if name not in (ORDERS.name, CUSTOMERS.name) and definition.at is None:
        raise SourceError(f"source '{name}' needs its date: say which column it is with 'at'")
    if definition.id is not None and name in (ORDERS.name, CUSTOMERS.name):
        instead = "'order_id' under 'columns'" if name == ORDERS.name else "'customer'"
        raise SourceError(f"source '{name}' takes no 'id'; did you mean {instead}?")
    if definition.places is not None and name != CUSTOMERS.name:
        raise SourceError(f"source '{name}' takes no 'places': say in source '{CUSTOMERS.name}' where customers are")
    _check_free(name, named, _TAKEN | (_GIVEN if name == ORDERS.name else {}))
    if name != ORDERS.name:
        return
    if "revenue" not in named and not ("quantity" in named and "price" in named):
        raise SourceError(
            "an orders source needs its money: name a column as 'revenue', or one as 'quantity' and one as 'price'"
        )


def _check_free(name: str, named: Iterable[str], taken: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for column in named:
        alike = column.casefold()
        if alike in taken:
            raise SourceError(
                f"source '{name}' cannot have a column of its own named '{column}'; did you mean '{taken[alike]}'?"
            )
        if column.startswith("_"):
            raise SourceError(
                f"source '{name}' cannot name a column '{column}': names with _ in front are the engine's own"
            )
        if alike in seen:
            raise SourceError(f"source '{name}' has two columns of one name: '{seen[alike]}' and '{column}'")
        seen[alike] = column


def _check_tables(store: Store, written: Written) -> None:
    """Hold the tables against the account: what stands in them is what was counted."""
    sums = store.read(
        "SELECT (SELECT COALESCE(CAST(SUM(revenue) AS BIGINT), 0) FROM orders) AS kept, "
        "(SELECT COALESCE(CAST(SUM(refund) AS BIGINT), 0) FROM returns) AS refunded"
    ).to_pylist()[0]
    if (sums["kept"], -sums["refunded"]) != (written.kept.money, written.returns.money):
        raise SourceError(
            f"the tables of orders do not hold what was read: {sums} against {written.kept}, {written.returns}"
        )
