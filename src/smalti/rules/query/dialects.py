"""What differs between engines, as facts in a table: a new engine is a row to fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smalti.errors import StoreError, nearest


@dataclass(frozen=True)
class Dialect:
    """What must be known of an engine before a query is written for it.

    Attributes:
        name: The compiler's name of it.
        orders_structs: Whether structs compare field by field, so that the latest fact is the greatest pair of instant and
            value; where they don't, facts are numbered.
        escapes_in_like: Whether a backslash in a pattern takes the next character as it is, so that it must be doubled.
        counts_by_sums: Whether a count under a condition is compiled to a sum, which is missing where none is known.
        cuts_reals: Whether a real loses its last digits on its way to a decimal, but not by way of its text.
        chains: Whether queries that follow from one another run well as one; where not, each has a table made for it.
        distinct: The function that counts different values exactly, where the compiler's own choice does not.
        text: What functions of texts are called where the compiler's own take bytes for characters.
        digest: The functions that, one after the other, make a text's MD5 in small hexadecimal digits of it.
    """

    name: str
    orders_structs: bool = True
    escapes_in_like: bool = False
    counts_by_sums: bool = False
    cuts_reals: bool = False
    chains: bool = True
    distinct: str | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    digest: tuple[str, ...] = ("md5",)


_CLICKHOUSE = {"length": "lengthUTF8", "lower": "lowerUTF8", "translate": "translateUTF8"}

DIALECTS: dict[str, Dialect] = {
    one.name: one
    for one in (
        Dialect("duckdb"),
        Dialect("postgres", orders_structs=False, escapes_in_like=True, cuts_reals=True, chains=False),
        Dialect("databricks", escapes_in_like=True, counts_by_sums=True, chains=False),
        Dialect("bigquery", orders_structs=False, escapes_in_like=True, digest=("md5", "to_hex")),
        Dialect("snowflake", orders_structs=False),
        Dialect(
            "clickhouse",
            escapes_in_like=True,
            distinct="uniqExact",
            text=_CLICKHOUSE,
            digest=("MD5", "hex", "lower"),
        ),
        Dialect("trino", digest=("to_utf8", "md5", "to_hex", "lower")),
    )
}
"""The engines that queries are written for. Spark reads what is written for databricks."""


def dialect_of(name: str) -> Dialect:
    """Give the facts of an engine.

    Raises:
        StoreError: There is no such engine.

    >>> dialect_of("trino").orders_structs
    True
    """
    if name not in DIALECTS:
        near = nearest(name, DIALECTS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise StoreError(f"unknown engine: found '{name}', wanted one of {', '.join(DIALECTS)}{hint}")
    return DIALECTS[name]
