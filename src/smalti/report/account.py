"""The account: kept, returns and set aside make the total, to the penny, and why each row was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.facts import Currency
from smalti.report.columns import as_minor, row_count
from smalti.report.matter import Matter
from smalti.report.writing import NOTHING, Pen, count, named, spoken

EXAMPLES = 12
"""Rows set aside that are shown."""
_PER_REASON = 3
_LOOKED_AT = 5_000
_TERMS = (("kept", "Kept"), ("returns", "Returns"), ("set_aside", "Set aside"), ("total", "Total"))


@dataclass(frozen=True)
class Term:
    """One term of the sum.

    Attributes:
        name: `kept`, `returns`, `set_aside` or `total`.
        title: What it is called.
        rows: Rows in words.
        money: Money to the penny, or nothing.
        bar: Share of all rows, 0 to 1.
    """

    name: str
    title: str
    rows: str
    money: str
    bar: float


@dataclass(frozen=True)
class Cause:
    """Why rows were set aside.

    Attributes:
        reason: The reason.
        rows: How many.
        money: Their money.
    """

    reason: str
    rows: str
    money: str


@dataclass(frozen=True)
class Account:
    """The account of one source.

    Attributes:
        title: The source.
        terms: Kept, returns, set aside, total.
        sentence: The account in a sentence; nothing where it is wrong.
        exactly: To which unit money is exact.
        balanced: Whether rows and money add up; reckoned here again.
        wrong: By how much they do not, or nothing.
        later: On rows after the as-of instant, or nothing.
        causes: Why rows were set aside.
    """

    title: str
    terms: tuple[Term, ...]
    sentence: str
    exactly: str
    balanced: bool
    wrong: str
    later: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Aside:
    """One row set aside.

    Attributes:
        source: The file.
        row: Its number.
        reason: Why.
        found: What stood there.
        amount: Its money.
    """

    source: str
    row: str
    reason: str
    found: str
    amount: str


def accounts(matter: Matter) -> tuple[Account, ...]:
    """Tell the account of every source."""
    return tuple(_account(matter, row) for row in matter.info.get("account") or ())


def asides(matter: Matter) -> tuple[tuple[Aside, ...], int]:
    """Show the first rows set aside of each reason, and say how many there are in all."""
    total = row_count(matter.tables, "set_aside")
    shown: list[Aside] = []
    seen: dict[tuple[str, str], int] = {}
    for row in matter.tables["set_aside"].slice(0, _LOOKED_AT).to_pylist() if total else []:
        key = str(row.get("source")), str(row.get("reason"))
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= _PER_REASON and len(shown) < EXAMPLES:
            shown.append(_aside(matter.pen, row))
    return tuple(shown), total


def _aside(pen: Pen, row: Mapping[str, Any]) -> Aside:
    found = row.get("found")
    return Aside(
        named(row.get("source")),
        count(row.get("row")),
        named(row.get("reason")),
        "(nothing)" if found is None or not str(found).strip() else _shortened(str(found)),
        pen.money(as_minor(row.get("amount"), pen.currency)),
    )


def _shortened(text: str, longest: int = 120) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _account(matter: Matter, row: Mapping[str, Any]) -> Account:
    pen = Pen(Currency(row["currency"]), matter.pen.time_zone) if row.get("currency") else matter.pen
    counted, money = row.get("rows") or {}, row.get("money")
    everything = counted.get("total") or 0
    terms = tuple(
        Term(
            name,
            title,
            count(counted.get(name, 0), "row"),
            "" if money is None else pen.money(money.get(name)),
            (counted.get(name) or 0) / everything if everything else 0.0,
        )
        for name, title in _TERMS
        if name != "returns" or money is not None or counted.get(name)
    )
    wrong = _wrong(pen, counted, money)
    return Account(
        named(spoken(row.get("source") or "")),
        terms,
        "" if wrong else row.get("sentence") or "",
        "to the penny" if pen.currency.places == 2 else "to the last unit",
        not wrong and bool(row.get("balanced", True)),
        wrong,
        _later(pen, row.get("after_as_of") or {}),
        tuple(_cause(pen, cause) for cause in row.get("reasons") or ()),
    )


def _cause(pen: Pen, cause: Mapping[str, Any]) -> Cause:
    money = cause.get("money")
    return Cause(
        spoken(named(cause.get("reason"))), count(cause.get("rows")), NOTHING if money is None else pen.money(money)
    )


def _off(part: Mapping[str, Any]) -> int:
    kept, returns, aside, total = (int(part.get(name) or 0) for name in ("kept", "returns", "set_aside", "total"))
    return kept + returns + aside - total


def _wrong(pen: Pen, counted: Mapping[str, Any], money: Mapping[str, Any] | None) -> str:
    rows_off, money_off = _off(counted), _off(money or {})
    told = [count(abs(rows_off), "row")] if rows_off else []
    told += [pen.money(abs(money_off))] if money_off else []
    return f"The parts miss the total by {' and '.join(told)}." if told else ""


def _later(pen: Pen, later: Mapping[str, Any]) -> str:
    number = later.get("rows") or 0
    if not number:
        return ""
    money = f" ({pen.money(later['money'])})" if later.get("money") is not None else ""
    lies = "lies" if number == 1 else "lie"
    return f"Of all rows, {count(number, 'row')}{money} {lies} after the as-of instant and had no say in this report."
