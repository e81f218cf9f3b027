"""Which column of a file is which: judged by name, type and contents, each judgement with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Type
from smalti.sources.amounts import decimal_sign, read_amounts
from smalti.sources.dates import DateReading, read_dates
from smalti.sources.kinds import distinct_texts, find_type
from smalti.sources.rowkeys import NO_ID

_NAMES: dict[str, tuple[str, ...]] = {
    "customer": (
        "customer id", "customerid", "customer key", "customer no", "customer number", "customer", "cust id", "cust",
        "client id", "client", "kundennummer", "kunde", "member id", "member", "user id", "userid", "user", "buyer id",
        "buyer", "shopper id", "shopper", "donor id", "donor", "contact id", "account id", "account", "household key",
        "household id", "card id", "loyalty id", "person id", "unique id", "who", "email", "e mail", "id",
    ),
    "at": (
        "ordered at", "order date", "orderdate", "order purchase timestamp", "purchase date", "purchased at", "invoice date",
        "invoicedate", "transaction date", "trans date", "sale date", "paid at", "placed at", "order timestamp",
        "order time", "close date", "created at", "created", "timestamp", "datetime", "date time", "date", "datum", "day",
        "time", "at", "when",
    ),
    "amount": (
        "revenue", "order total", "order value", "total amount", "total price", "line total", "grand total", "total",
        "amount", "amt", "sales amount", "sales", "net amount", "net sales", "net", "gross", "turnover", "umsatz", "betrag",
        "montant", "importe", "spend", "spent", "paid", "payment", "dollar value", "dollars", "euros", "pounds", "close value",
        "value", "sum", "monetary", "donation", "price", "cost",
    ),
    "quantity": ("quantity", "qty", "units", "pieces", "menge", "quantite", "item count"),
    "price": ("unit price", "unitprice", "price each", "item price", "sales price", "price", "preis", "prix"),
    "order_id": (
        "order id", "orderid", "order no", "order number", "order", "invoice id", "invoice no", "invoiceno", "invoice number",
        "invoice", "transaction id", "transactionid", "transaction", "trans id", "receipt id", "receipt no", "receipt",
        "basket id", "basket", "ticket id", "opportunity id", "bestellnummer", "purchase id", "sale id",
    ),
    "product": (
        "product id", "productid", "product code", "stockcode", "stock code", "sku", "item id", "item code", "article id",
        "article", "asin", "product name", "product", "item", "artikel", "description",
    ),
    "category": ("category", "product category", "category name", "product type", "department", "kategorie", "product group"),
    "channel": ("channel", "sales channel", "order channel", "channel name", "store type"),
    "country": ("country", "country code", "customer country", "ship country", "land"),
    "discount": ("discount amount", "discount value", "rebate", "coupon amount"),
    "cost": ("cost", "cogs", "cost of goods", "total cost"),
    "status": ("order status", "status"),
}  # fmt: skip
ROLES = tuple(_NAMES)
_KNOWN = frozenset(name for names in _NAMES.values() for name in names)
_NO_MONEY = re.compile(
    r"\b(rating|score|age|rank|year|month|zip|postcode|lat|lon|latitude|longitude|id|recency|frequency)\b"
)


@dataclass(frozen=True)
class SeenColumn:
    """A column as a sample showed it.

    Attributes:
        name: Its name in the file.
        type: What its values are.
        dates: Share of its filled values that read as dates, 0 to 1.
        amounts: Share of its filled values that read as amounts.
        decimals: Whether some values have a fraction.
        distinct: Share of its filled values that are different.
        filled: Share of its values that are there.
        examples: A few values.
    """

    name: str
    type: Type
    dates: float
    amounts: float
    decimals: bool
    distinct: float
    filled: float
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """What a column was taken for, and why."""

    role: str
    column: str
    reason: str


def see_column(name: str, column: pa.Array) -> SeenColumn:
    """Look at a sample of a column.

    >>> see_column("total", pa.array(["1.50", "n/a", "2"])).amounts
    1.0
    """
    reading = DateReading("UTC", decided=False)
    kind = find_type(name, column, reading)
    values = distinct_texts(column) if pa.types.is_string(column.type) else pc.drop_null(column)
    few = values.slice(0, 500)
    dates = _best_dates(few, reading) if _may_be_dates(few) else np.zeros(len(few), bool)
    if kind in (Type.INTEGER, Type.NUMBER) and len(few):
        dates &= _plausible_digits(few)
    sign = decimal_sign(few.to_pylist()) if pa.types.is_string(few.type) else "."
    numbers = read_amounts(few, sign) if not pa.types.is_temporal(few.type) else None
    amounts = numbers.readable if numbers else np.zeros(0, bool)
    fractions = bool(numbers and (np.floor(numbers.number) != numbers.number).any())
    filled = column.drop_null()
    distinct = len(pc.unique(filled)) / max(len(filled), 1)
    examples = tuple(str(value) for value in few.slice(0, 3).to_pylist())
    return SeenColumn(
        name,
        kind,
        float(np.mean(dates)) if len(dates) else 0.0,
        float(np.mean(amounts)) if len(amounts) else 0.0,
        fractions,
        distinct,
        len(filled) / max(len(column), 1),
        examples,
    )


def find_roles(columns: Iterable[SeenColumn], given: Mapping[str, str]) -> dict[str, Role]:
    """Give the columns that have a role, by role; what the user said stands.

    Each column gets one role. The date is sought first, then the ids, since they are the surest; then the money.
    """
    seen = [column for column in columns if not NO_ID.fullmatch(column.name)]
    roles = {role: Role(role, column, "as you said") for role, column in given.items()}
    for role in (
        "at",
        "customer",
        "order_id",
        "quantity",
        "discount",
        "product",
        "category",
        "channel",
        "country",
        "status",
    ):
        _seek(role, seen, roles)
    _seek_money(seen, roles)
    _seek("cost", seen, roles)
    if "quantity" in roles and "product" not in roles and "price" not in roles:
        roles = {role: found for role, found in roles.items() if role != "quantity" or role in given}
    return roles


def words_of(name: str) -> str:
    """Write a column's name as lower-case words.

    >>> words_of("CustomerID"), words_of("Dt_Order"), words_of("user_id:token")
    ('customer id', 'dt order', 'user id')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.split(":", maxsplit=1)[0])
    return " ".join(re.findall(r"[^\W_]+", parted)).lower()


def is_telling(name: str) -> bool:
    """Say whether a name is one of those known for a role.

    >>> is_telling("CustomerID"), is_telling("x17")
    (True, False)
    """
    return words_of(name) in _KNOWN


def _seek(role: str, seen: list[SeenColumn], roles: dict[str, Role]) -> None:
    if role in roles:
        return
    taken = {found.column for found in roles.values()}
    free = [column for column in seen if column.name not in taken and _fits(role, column)]
    named = min(free, key=lambda column: _rank(role, column.name), default=None)
    if named is not None and _rank(role, named.name) < len(_NAMES[role]) * 2:
        roles[role] = Role(role, named.name, "by its name" + (" and its dates" if role == "at" else ""))
    elif role == "at" and free:
        best = max(free, key=lambda column: (column.dates, column.type is Type.INSTANT))
        roles[role] = Role(role, best.name, "its values are dates")
    elif role == "customer":
        _seek_ids(free, roles)


def _seek_ids(free: list[SeenColumn], roles: dict[str, Role]) -> None:
    """Take the first column that could be an id: filled, without fractions, and not the same few words over and over."""
    named = {
        column.name
        for column in free
        for role in ROLES
        if role != "customer" and _rank(role, column.name) < len(_NAMES[role])
    }
    ids = [column for column in free if column.distinct > 0.005 and not column.decimals and column.dates < 0.9]
    ids = [column for column in ids if column.name not in named and column.type is not Type.BOOLEAN]
    ending = [column for column in ids if words_of(column.name).split()[-1:] in (["id"], ["key"], ["no"], ["number"])]
    chosen = (ending or ids)[:1]
    if chosen:
        reason = "its name ends like an id" if ending else "the first column whose values could be ids"
        roles["customer"] = Role("customer", chosen[0].name, reason)


def _seek_money(seen: list[SeenColumn], roles: dict[str, Role]) -> None:
    """Find the amount, or a quantity and a price that make it."""
    taken = {found.column for found in roles.values()}
    free = [column for column in seen if column.name not in taken and _fits("amount", column)]
    if "amount" in roles:
        return
    named = min(free, key=lambda column: _rank("amount", column.name), default=None)
    rank = _rank("amount", named.name) if named else 10**6
    if "quantity" in roles or "price" in roles:
        sure = rank < len(_NAMES["amount"]) - 2
        if not sure:
            _seek("price", seen, roles)
        if "price" in roles and "quantity" in roles:
            return
    if named is not None and rank < len(_NAMES["amount"]) * 2:
        roles["amount"] = Role("amount", named.name, "by its name and its numbers")
    elif free := [column for column in free if not _NO_MONEY.search(words_of(column.name))]:
        best = max(enumerate(free), key=lambda item: (item[1].decimals, item[0]))[1]
        why = "its values are numbers with decimals" if best.decimals else "the last column of numbers"
        if best.decimals or len(seen) <= 5:
            roles["amount"] = Role("amount", best.name, why)


def _fits(role: str, column: SeenColumn) -> bool:
    if role == "at":
        return column.dates >= 0.5 and column.filled > 0.2
    if role in ("amount", "price", "quantity", "discount", "cost"):
        return column.amounts >= 0.5 and column.dates < 0.9 and column.type is not Type.INSTANT
    if role == "customer":
        return column.type is not Type.INSTANT and column.filled > 0.1
    return column.type in (Type.TEXT, Type.INTEGER, Type.NUMBER)


def _rank(role: str, name: str) -> int:
    """Say how well a name fits a role: its place in the list; names that only contain a listed one come after all that are."""
    words, names = words_of(name), _NAMES[role]
    if words in names:
        return names.index(words)
    if role in ("country", "status", "cost", "discount"):
        return 10**6
    parts = f" {words} "
    for place, known in enumerate(names):
        long_enough = len(known) > 3 or role in ("at", "customer")
        weak = known in ("id", "at", "order", "user", "time", "day", "value", "item", "product", "price", "net", "sum")
        if long_enough and not weak and f" {known} " in parts:
            return len(names) + place
    return 10**6


def _best_dates(values: pa.Array, reading: DateReading) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which values read as dates, with the day or with the month first, whichever reads more of them."""
    both = [read_dates(values, replace(reading, day_first=first)).readable for first in (True, False)]
    return max(both, key=lambda readable: int(readable.sum()))


def _may_be_dates(values: pa.Array) -> bool:
    return len(values) > 0 and not pa.types.is_boolean(values.type) and not pa.types.is_decimal(values.type)


def _plausible_digits(values: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which bare numbers look like days such as 20260131 or like seconds or more since 1970, not like other counts."""
    numbers = read_amounts(values).number
    day = (numbers >= 19_000_101) & (numbers < 21_010_101)
    since = (
        (numbers >= 6e8) & (numbers < 4.2e9)
        | (numbers >= 6e11) & (numbers < 4.2e12)
        | (numbers >= 6e14) & (numbers < 4.2e15)
    )
    plausible: np.ndarray[tuple[int], np.dtype[np.bool_]] = day | since
    return plausible
