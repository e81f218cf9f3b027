"""Queries over tables of customers: bringing answers together, making columns of columns, asking people for accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from smalti.facts import Instant, Type
from smalti.rules.aggregates import AGGREGATES
from smalti.rules.nodes import Aggregate, Node, People
from smalti.rules.query.columns import customers_table, text
from smalti.rules.query.dialects import dialect_of
from smalti.rules.query.reading import Fitted, Reading


def join_query(
    base: str,
    parts: Mapping[str, Mapping[str, Aggregate]],
    types: Mapping[str, Type],
    dialect: str,
    keep: Collection[str] = (),
) -> str:
    """Bring the answers of scans together: one row for each customer of `base`, what is empty filled in.

    Args:
        base: A table with the column ``customer_id``, one row per customer.
        parts: Tables made by scans, each with its aggregates by column; `base` may be one of them.
        types: The type of each column.
        dialect: The engine's name for the compiler.
        keep: Columns of `base` that stay.
    """
    own = parts.get(base, {})
    customers = customers_table(base, {name: types[name] for name in (*keep, *own)})
    joined: ir.Table = customers
    chosen: dict[str, ir.Value] = {}
    for number, (part, aggregates) in enumerate(parts.items()):
        table = customers
        if part != base:
            table = customers_table(part, {name: types[name] for name in aggregates})
            table = table.rename({f"_customer_{number}": "customer_id"})
            joined = joined.left_join(table, [customers["customer_id"] == table[f"_customer_{number}"]])
        chosen |= {name: _filled(table[name], aggregate) for name, aggregate in aggregates.items()}
    return text(joined.select("customer_id", *keep, **chosen), dialect)


def _filled(column: Any, aggregate: Aggregate) -> Any:
    """Give what a customer without facts has."""
    empty = AGGREGATES[aggregate.function].empty
    return column if empty is None else column.fill_null(empty)


def derive_query(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, Node], at: Instant, fitted: Fitted, dialect: str
) -> str:
    """Add columns to a table of customers, each the value of a tree.

    Args:
        table: A table with ``customer_id`` and the columns of `types`.
        types: The columns there are; names in the trees mean these, and an aggregate, a membership or a question about people
            means the column `column_of` names.
        wanted: The trees, by the column that shall hold each.
        at: The as-of instant.
        fitted: The constants of the quantiles in the trees.
        dialect: The engine's name for the compiler.
    """
    return text(_derived(table, types, wanted, at, fitted, dialect, keep=tuple(types)), dialect)


def answer_query(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, Node], at: Instant, fitted: Fitted, dialect: str
) -> str:
    """Give ``customer_id`` and the values of trees only; the arguments are those of `derive_query`."""
    return text(_derived(table, types, wanted, at, fitted, dialect, keep=()), dialect)


def _derived(
    table: str,
    types: Mapping[str, Type],
    wanted: Mapping[str, Node],
    at: Instant,
    fitted: Fitted,
    dialect: str,
    *,
    keep: Collection[str],
) -> ir.Table:
    reading = Reading(customers_table(table, types), at, dialect_of(dialect), fitted)
    added = {name: reading.read(node) for name, node in wanted.items()}
    return reading.table.select("customer_id", *keep, **added)


def people_query(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, People], at: Instant, fitted: Fitted, dialect: str
) -> str:
    """Add columns to a table of customers, each the answer of an account's people to a question.

    The arguments are those of `derive_query`. Everybody in the table is asked, and counted for the account whose
    ``customer_id`` the question's link gives; who isn't linked to one counts nowhere.
    """
    customers = customers_table(table, types)
    joined: ir.Table = customers
    chosen: dict[str, Any] = {}
    for number, link in enumerate(dict.fromkeys(one.link for one in wanted.values())):
        mine = {name: one for name, one in wanted.items() if one.link == link}
        counts = _counts(Reading(customers_table(table, types), at, dialect_of(dialect), fitted), link, mine, number)
        joined = joined.left_join(counts, [customers["customer_id"] == counts[f"_account_{number}"]])
        chosen |= {name: _told(counts, name, one.quantifier) for name, one in mine.items()}
    return text(joined.select("customer_id", *types, **chosen), dialect)


def _counts(reading: Reading, link: Node | None, wanted: Mapping[str, People], number: int) -> ir.Table:
    """Count for each account how many of its people answer true, false and not at all."""
    account = f"_account_{number}"
    assert link is not None  # noqa: S101 check filled it in
    answers = {account: reading.read(link)} | {f"_{name}": reading.read(one.rule) for name, one in wanted.items()}
    people = reading.table.select(**answers)
    people = people.filter(people[account].notnull())
    counts: dict[str, Any] = {}
    for name in wanted:
        answer = people[f"_{name}"]
        counts |= {
            f"{name}_true": people.count(where=answer),
            f"{name}_false": people.count(where=~answer),
            f"{name}_open": people.count(where=answer.isnull()),
        }
    return people.group_by(account).aggregate(**counts)


def _told(counts: ir.Table, name: str, quantifier: str) -> Any:
    """Give the answer in three-valued logic; an account without people has no counts."""
    decisive = counts[f"{name}_false" if quantifier == "all" else f"{name}_true"].fill_null(0) > 0
    unknown = counts[f"{name}_open"].fill_null(0) > 0
    is_any = quantifier == "any"
    return ibis.cases((decisive, is_any), (unknown, ibis.null("boolean")), else_=not is_any)
