"""The account of a source: every row and every penny of it is kept, a return, or set aside with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.errors import SourceError
from smalti.facts import Currency, format_minor
from smalti.sources.batches import BadRow

SET_ASIDE = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("found", pa.string()),
        pa.field("amount", pa.int64()),
    ]
)
"""Rows set aside: the file, which data row of it from 1 (header and blank lines not counted), why, what was found there,
and the row's money in minor units where it could be read."""


@dataclass(frozen=True)
class Tally:
    """Rows, and their money in minor units."""

    rows: int = 0
    money: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.rows + other.rows, self.money + other.money)


@dataclass(frozen=True)
class Account:
    """What became of the rows and the money of one source.

    Attributes:
        source: The source's name, such as ``orders``.
        total: All rows, and the sum of their money, each line rounded to the minor unit.
        kept: The rows that became facts; for orders those of orders, with discounts and goods taken back in the same order
            on the same day.
        returns: The rows of returns and cancellations; their money is negative.
        set_aside: The rows set aside.
        reasons: The rows set aside, by reason.
        exact: The sum of the money in major units in decimal arithmetic, no line rounded; None where there is no money.
        places: Digits after the point of the currency.

    >>> account = Account("orders", Tally(3, 700), Tally(1, 1000), Tally(1, -300), Tally(1), (), Decimal("7.004"), 2)
    >>> account.balances, account.rounding
    (True, Decimal('-0.004'))
    """

    source: str
    total: Tally
    kept: Tally
    returns: Tally
    set_aside: Tally
    reasons: tuple[tuple[str, Tally], ...] = ()
    exact: Decimal | None = None
    places: int = 2

    @property
    def balances(self) -> bool:
        """Whether kept, returns and set aside make the total, in rows and to the minor unit, and no line was misread."""
        whole = self.kept + self.returns + self.set_aside == self.total
        return whole and abs(self.rounding) * 10**self.places * 2 <= self.total.rows + Decimal("1e-3")

    @property
    def rounding(self) -> Decimal:
        """What rounding each line to the minor unit added to the exact sum, in major units."""
        if self.exact is None:
            return Decimal(0)
        return Decimal(self.total.money).scaleb(-self.places) - self.exact

    def sentences(self, currency: Currency) -> list[str]:
        """Say it in sentences."""
        money = self.exact is not None

        def told(what: str, tally: Tally) -> str:
            return f"{what} {tally.rows:,} rows" + (f", {format_minor(tally.money, currency)}" if money else "")

        lines = [
            f"{self.source}: {told('read', self.total)} = {told('kept', self.kept)} + {told('returns', self.returns)}"
            f" + {told('set aside', self.set_aside)}"
        ]
        lines += [told(f"  {reason}:", tally) for reason, tally in self.reasons]
        if self.rounding:
            lines.append(f"  rounding each line to the minor unit changed the sum by {self.rounding:f} {currency.code}")
        return lines


@dataclass
class Ledger:
    """Collects what is set aside while a source is read."""

    pieces: list[pa.Table] = field(default_factory=list)

    def add_bad(self, source: str, bad: Sequence[BadRow]) -> None:
        """Set aside rows that could not be read at all."""
        if bad:
            self.pieces.append(
                pa.table(
                    [
                        pa.array([source] * len(bad)),
                        pa.array([row.row for row in bad], pa.int64()),
                        pa.array([row.reason for row in bad]),
                        pa.array([row.found for row in bad], pa.string()),
                        pa.nulls(len(bad), pa.int64()),
                    ],
                    schema=SET_ASIDE,
                )
            )

    def add(
        self,
        source: str | pa.Array,
        rows: NDArray[np.int64],
        reason: str | pa.Array,
        found: pa.Array | None = None,
        amount: pa.Array | None = None,
    ) -> None:
        """Set aside rows that were read; `source` and `reason` are one for all or one for each."""
        count = len(rows)
        if count:
            texts = [pa.repeat(pa.scalar(text), count) if isinstance(text, str) else text for text in (source, reason)]
            found = found if found is not None else pa.nulls(count, pa.string())
            amount = amount if amount is not None else pa.nulls(count, pa.int64())
            columns = [texts[0], pa.array(rows), texts[1], found.cast(pa.string()), amount.cast(pa.int64())]
            self.pieces.append(pa.Table.from_arrays(columns, schema=SET_ASIDE))

    def table(self) -> pa.Table:
        """Give all that was set aside, ordered by source and row."""
        return ordered(self.pieces)

    def reasons(self) -> tuple[tuple[str, Tally], ...]:
        """Count by reason, the commonest first."""
        if not self.pieces:
            return ()
        grouped = pa.concat_tables(self.pieces).group_by("reason").aggregate([([], "count_all"), ("amount", "sum")])
        tallies = [(row["reason"], Tally(row["count_all"], row["amount_sum"] or 0)) for row in grouped.to_pylist()]
        return tuple(sorted(tallies, key=lambda item: (-item[1].rows, item[0])))


def ordered(pieces: Iterable[pa.Table]) -> pa.Table:
    """Join tables of rows set aside, ordered by source and row."""
    joined = [piece for piece in pieces if len(piece)]
    if not joined:
        return SET_ASIDE.empty_table()
    return pa.concat_tables(joined).combine_chunks().sort_by([("source", "ascending"), ("row", "ascending")])


def same_as(sources: pa.Array, first_sources: pa.Array, first_rows: pa.Array) -> pa.Array:
    """Say of repeated rows which row of which file they are the same as.

    >>> same_as(pa.array(["a", "b"]), pa.array(["a", "a"]), pa.array([1, 7])).to_pylist()
    ['the same as row 1', 'the same as row 7 of a']
    """
    numbers = first_rows.cast(pa.string())
    elsewhere = pc.binary_join_element_wise(numbers, first_sources, " of ")
    where = pc.if_else(pc.equal(sources, first_sources), numbers, elsewhere)
    return pc.binary_join_element_wise("the same as row", where, " ")


def settle(
    source: str, ledger: Ledger, total: Tally, kept: Tally, returns: Tally, exact: tuple[Decimal, int] | None
) -> Account:
    """Close the account.

    Args:
        source: The source's name.
        ledger: What was set aside.
        total: All rows and money read.
        kept: What became facts.
        returns: What became returns.
        exact: The sum of the money without rounding, in major units, and the currency's places; None without money.

    Raises:
        SourceError: It does not balance, which would be a mistake of ours.
    """
    reasons = ledger.reasons()
    aside = sum((tally for _, tally in reasons), Tally())
    sum_, places = exact if exact is not None else (None, 2)
    account = Account(source, total, kept, returns, aside, reasons, sum_, places)
    if not account.balances:
        raise SourceError(
            f"the account of source '{source}' does not balance, so nothing was loaded: read {total}, kept {kept}, "
            f"returns {returns}, set aside {aside}, exact sum {sum_}"
        )
    return account


def money_of(table: pa.Table, column: str) -> int:
    """Sum a money column."""
    return int(pc.sum(table[column]).as_py() or 0)
