"""Streams: named tables of facts, and the types their columns may have.

Every stream has ``customer_id`` (text) and ``at`` (an instant) before its own columns. The standard streams fix the names
that the trait library and the frameworks speak of; a project may bring streams and columns of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from smalti.errors import SmaltiError, nearest
from smalti.facts.money import Currency


class Type(StrEnum):
    """What a value can be.

    Money is held as int64 minor units and instants as int64 microseconds UTC while we compute; `arrow_type` gives the
    type of each in a table between rooms.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DURATION = "duration"


_ARROW = {
    Type.TEXT: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.MONEY: pa.int64(),
    Type.BOOLEAN: pa.bool_(),
    Type.INSTANT: pa.int64(),
    Type.DURATION: pa.int64(),
}


def arrow_type(kind: Type) -> pa.DataType:
    """Give the Arrow type of a column of this type between rooms.

    >>> arrow_type(Type.MONEY)
    DataType(int64)
    """
    return _ARROW[kind]


@dataclass(frozen=True)
class Column:
    """A typed column of a stream.

    Attributes:
        name: What it is called.
        type: What its values are.
        about: What it says, in a few words.
        currency: Of money, its ISO 4217 code; None for the currency of the project.

    Raises:
        SmaltiError: No such currency, or a currency of what is not money.

    >>> Column("paid", Type.MONEY, currency="EUR").currency
    'EUR'
    """

    name: str
    type: Type
    about: str = ""
    currency: str | None = None

    def __post_init__(self) -> None:
        if self.currency is None:
            return
        Currency(self.currency)
        if self.type is not Type.MONEY:
            found = f"{self.currency} of the column '{self.name}', {self.type}"
            raise SmaltiError(f"a currency of what is not money: found {found}, wanted a column of money")


@dataclass(frozen=True)
class Stream:
    """A named table of facts; ``customer_id`` and ``at`` are always there and not listed.

    >>> ORDERS["revenue"].type
    <Type.MONEY: 'money'>
    """

    name: str
    columns: tuple[Column, ...]
    about: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its own columns."""
        return tuple(column.name for column in self.columns)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        near = nearest(name, self.names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(f"stream '{self.name}' has no column '{name}'{hint}")

    def schema(self) -> pa.Schema:
        """Give the Arrow schema of the stream's table between rooms."""
        fields = [pa.field("customer_id", pa.string(), nullable=False), pa.field("at", pa.int64(), nullable=False)]
        return pa.schema(fields + [pa.field(column.name, arrow_type(column.type)) for column in self.columns])


ORDERS = Stream(
    "orders",
    (
        Column("order_id", Type.TEXT, "the shop's own number of the order, if it has one"),
        Column("day", Type.INTEGER, "the calendar day in the project's time zone, counted from 1970-01-01"),
        Column("revenue", Type.MONEY, "what the customer paid for the goods; never negative"),
        Column("cost", Type.MONEY, "what the goods cost the company"),
        Column("discount", Type.MONEY, "what was taken off the price"),
        Column("channel", Type.TEXT, "where the order was placed"),
        Column("category", Type.TEXT, "the order's only or dearest category"),
    ),
    "one fact per order",
)
ORDER_ITEMS = Stream(
    "order_items",
    (
        Column("order_id", Type.TEXT),
        Column("product", Type.TEXT),
        Column("category", Type.TEXT),
        Column("quantity", Type.NUMBER),
        Column("revenue", Type.MONEY),
    ),
    "one fact per line of an order",
)
RETURNS = Stream(
    "returns",
    (
        Column("order_id", Type.TEXT),
        Column("refund", Type.MONEY, "what was given back; never negative"),
        Column("channel", Type.TEXT),
    ),
    "one fact per return, cancellation or credit",
)
TOUCHES = Stream(
    "touches",
    (
        Column("touch_id", Type.TEXT, "the sender's own number of the touch, if it has one"),
        Column("treatment", Type.TEXT, "what was done; in an experiment's control what would have been"),
        Column("step", Type.INTEGER, "which contact of the treatment it was: 1 the first, 2 the one that followed"),
        Column("strategy", Type.TEXT, "the strategy that it served"),
        Column("purpose", Type.TEXT, "what it was for, by which contacts are counted"),
        Column("channel", Type.TEXT, "by mail, letter, telephone ..."),
        Column("campaign", Type.TEXT, "the campaign that it was part of"),
        Column("variant", Type.TEXT, "which creative, template or wording"),
        Column("experiment", Type.TEXT, "the experiment that chose it"),
        Column("arm", Type.TEXT, "the arm of that experiment"),
        Column("probability", Type.NUMBER, "the chance with which just this was chosen, above 0 up to 1"),
        Column("cost", Type.MONEY, "what it cost the company"),
        Column("opened_at", Type.INSTANT, "when the customer opened it"),
        Column("outcome", Type.TEXT, "what the sender says became of it, such as bounced or opened"),
    ),
    "one fact per time that a treatment reached, or in an experiment's control would have reached, a customer",
)
CUSTOMERS = Stream("customers", (), "attributes: what is said of a customer, from the instant it is said")

STANDARD_STREAMS: dict[str, Stream] = {
    stream.name: stream for stream in (ORDERS, ORDER_ITEMS, RETURNS, TOUCHES, CUSTOMERS)
}
"""The streams whose names and columns the standard library and the frameworks rely on."""
