"""Which column of a trial is which: what the user said stands, the rest is judged by name, place and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.proving.asked import Asked
from smalti.errors import SourceError
from smalti.report.writing import count
from smalti.sources import Role
from smalti.sources.guess import listed, missing_column
from smalti.sources.roles import words_of
from smalti.sources.rowkeys import NO_ID

MOST_ARMS = 200
"""More different values than this are no arms."""
_ARMS = (
    "arm", "experiment arm", "test arm", "treatment arm", "variant", "variation", "treatment", "treated", "treatment group",
    "test group", "experiment group", "ab group", "condition", "assignment", "assigned", "group", "version", "action",
    "action id", "campaign", "offer", "message", "mailing", "creative", "item id", "item", "exposure", "segment", "bucket",
)  # fmt: skip
_CHANCES = (
    "probability", "propensity", "propensity score", "assignment probability", "action probability", "pscore", "p score",
    "action prob", "logging probability", "chance", "prob",
)  # fmt: skip
_CUSTOMERS = (
    "customer id", "customerid", "customer key", "customer no", "customer number", "customer", "cust id", "client id",
    "client", "member id", "user id", "userid", "user", "buyer id", "shopper id", "donor id", "contact id", "account id",
    "household id", "person id", "subject id", "visitor id", "email", "id",
)  # fmt: skip
_PLACES = ("position", "slot", "rank", "place")
_OUTCOME = re.compile(
    r"(out|outcome|target|result|label|y)( .*)?|(reward|gave|donated|donation|responded|response)"
    r"|(opened|unsubscribed|complained|replied)( .*)?"
    r"|(visit|visited|visits|conversion|conversions|converted|click|clicks|clicked|purchase|purchases|purchased|bought"
    r"|spend|spent|revenue|sales|profit|margin|ordered|subscribed|renewed|retained|retention|churned|exposure)"
    r"( (\d+|d\d+|day|days|week|weeks|month|months|later|within|after|in|of|total|value|amount))*"
)
_BEFORE = re.compile(
    r"\b(age|sex|gender|birth|born|city|town|region|state|country|zip|postcode|postal|area|district|language|income"
    r"|household|children|married|marital|education|job|occupation|recency|frequency|monetary|history|tenure|past|previous"
    r"|prior|before|pre|baseline|signup|joined|registered|newbie|channel|device|platform|os|browser|plan|tier|loyalty"
    r"|segment|cluster|score|member|since|last|known)\b"
)
"""Names of what is known of customers before, wherever it stands in the file."""
MADE_OF_IT = re.compile(r"respon(se|ded|ders?)|uplift")
"""Names of what was reckoned from what came of this or another trial, such as the response of a customer's state."""
_ORDER = {"arm": 0, "outcome": 1, "customer": 2, "probability": 3, "position": 4}
MONEY = re.compile(
    r"\b(spend|spent|revenue|sales|profit|margin|amount|amountgive|donation|turnover|money|value|paid)\b"
)


@dataclass(frozen=True)
class Roles:
    """What the columns of a trial are.

    Attributes:
        arm: Column with what was done.
        outcomes: Columns with what came of it.
        customer: Column with the customer's id; None where every row is a customer.
        probability: Column with the chance of what was done; None where none is logged.
        position: Column with the place of several things done at once; None where there is none.
        others: All other columns, in the order of the file.
        why: Of each column with a role the reason.
    """

    arm: str
    outcomes: tuple[str, ...]
    customer: str | None
    probability: str | None
    position: str | None
    others: tuple[str, ...]
    why: tuple[Role, ...]

    def sentences(self) -> list[str]:
        """Say in sentences what was taken for what.

        >>> Roles("arm", ("bought",), None, None, None, (), (Role("arm", "arm", "by its name"),)).sentences()
        ['arm: arm (by its name)', 'customer: every row is a customer of its own; no column was taken for an id']
        """
        why = sorted(self.why, key=lambda role: _ORDER[role.role])
        told = [f"{role.role}: {role.column} ({role.reason})" for role in why]
        if self.customer is None:
            told.append("customer: every row is a customer of its own; no column was taken for an id")
        return told


def find_roles(table: pa.Table, asked: Asked) -> Roles:
    """Find what the columns of a trial are.

    Args:
        table: Its rows as they lie.
        asked: What the user said.

    Raises:
        SourceError: A column that is named is not there, or the arm or an outcome cannot be found.

    >>> rows = pa.table({"id": ["a", "b", "c"], "group": ["mail", "none", "mail"], "age": [30, 40, 30], "bought": [0, 1, 1]})
    >>> found = find_roles(rows, Asked())
    >>> found.arm, found.outcomes, found.customer, found.others
    ('group', ('bought',), 'id', ('age',))
    """
    names = table.column_names
    for role, column in asked.columns:
        if column not in names:
            raise SourceError(missing_column(role, column, names))
    taken: dict[str, Role] = {}
    _said(asked, taken)
    kept = {*asked.by, *asked.attributes}
    free = [name for name in names if name not in taken and name not in kept and not NO_ID.fullmatch(name)]
    arm = asked.arm or _arm(table, free, taken)
    chance = asked.probability or _first("probability", _chances(table, free, taken), taken)
    customer = asked.customer or _first("customer", _by_name(free, _CUSTOMERS, taken), taken)
    position = _first("position", _by_name(free, _PLACES, taken), taken)
    outcomes = asked.outcomes or _outcomes(table, free, taken)
    reserved = {arm, chance, customer, position, *outcomes}
    others = tuple(name for name in names if name not in reserved and not _counts_rows(name, table[name]))
    _check(table, arm, outcomes)
    why = tuple(sorted(taken.values(), key=lambda role: _ORDER[role.role]))
    return Roles(arm or "", tuple(outcomes), customer, chance, position, others, why)


def _said(asked: Asked, taken: dict[str, Role]) -> None:
    for role, column in asked.columns:
        if role in ("arm", "probability", "customer", "outcome"):
            if column in taken:
                raise SourceError(f"column '{column}' was said to be both {taken[column].role} and {role}")
            taken[column] = Role(role, column, "as you said")
    for role, column in asked.columns:
        if role in ("segments", "attributes") and column in taken:
            option = "--by" if role == "segments" else "--from"
            found = f"column '{column}' was said to be {taken[column].role}, and with {option} to be known before"
            raise SourceError(f"{found}; wanted what was known of customers before anything was done")


def _first(role: str, names: Iterable[str], taken: dict[str, Role]) -> str | None:
    name = next(iter(names), None)
    if name is not None:
        taken[name] = Role(role, name, "by its name")
    return name


def _by_name(names: Sequence[str], known: Sequence[str], taken: Mapping[str, Role]) -> list[str]:
    """Give the columns with a known name, the surest name first."""
    free = [name for name in names if name not in taken and words_of(name) in known]
    return sorted(free, key=lambda name: known.index(words_of(name)))


def _arm(table: pa.Table, names: Sequence[str], taken: dict[str, Role]) -> str | None:
    fitting = (name for name in _by_name(names, _ARMS, taken) if 2 <= _different(table[name]) <= MOST_ARMS)
    return _first("arm", fitting, taken)


def _chances(table: pa.Table, names: Sequence[str], taken: Mapping[str, Role]) -> list[str]:
    return [name for name in _by_name(names, _CHANCES, taken) if _is_number(table[name])]


def _outcomes(table: pa.Table, names: Sequence[str], taken: dict[str, Role]) -> tuple[str, ...]:
    named = [
        name for name in names if name not in taken and _OUTCOME.fullmatch(words_of(name)) and _is_told(table[name])
    ]
    for name in named:
        taken[name] = Role("outcome", name, "by its name")
    return tuple(named)


def between(table: pa.Table, roles: Roles) -> tuple[str, ...]:
    """Give columns that have the name of an outcome, or stand between the arm and the last outcome: they came of it as well.

    Whoever writes a trial down writes first who, then what was done, then what came of it; but what has the name of
    something known before (age, region, past spend) was known before wherever it stands.

    >>> rows = pa.table({"version": ["a", "b"], "age": [30, 40], "rounds": [3, 5], "retention_7": [0, 1]})
    >>> between(rows, find_roles(rows, Asked()))
    ('rounds',)
    """
    names = table.column_names
    found = [*roles.outcomes, *(name for name in roles.others if _OUTCOME.fullmatch(words_of(name)))]
    start, stop = names.index(roles.arm), max(map(names.index, found))
    inside = names[start:stop] if start < min(map(names.index, found)) else []
    inside = [name for name in inside if not _BEFORE.search(words_of(name))]
    return tuple(name for name in names if name in roles.others and name in (*found, *inside) and _is_told(table[name]))


def _check(table: pa.Table, arm: str | None, outcomes: Sequence[str]) -> None:
    names = table.column_names
    missing = ["what was done to whom (--arm COLUMN)"] if arm is None else []
    missing += [] if outcomes else ["what came of it (--outcome COLUMN)"]
    if missing:
        unfit = _unfit(table, arm, outcomes)
        raise SourceError(
            f"cannot see which column says {' and '.join(missing)}; {unfit}the columns are {listed(names)}"
        )


def _unfit(table: pa.Table, arm: str | None, outcomes: Sequence[str]) -> str:
    """Say why a column with the right name is not taken."""
    told = []
    if arm is None:
        for name in _by_name(table.column_names, _ARMS, {})[:1]:
            told.append(f"'{name}' has {count(_different(table[name]), 'value')}, wanted 2 to {MOST_ARMS} arms; ")
    if not outcomes:
        named = (name for name in table.column_names if _OUTCOME.fullmatch(words_of(name)))
        for name in list(named)[:1]:
            told.append(f"'{name}' holds neither numbers nor yes and no; ")
    return "".join(told)


def _counts_rows(name: str, column: pa.ChunkedArray) -> bool:
    """Say whether a column is but the number of the row."""
    if NO_ID.fullmatch(name):
        return True
    head = column.slice(0, 50).to_pylist()
    if len(head) < 3 or not all(str(value).isdigit() for value in head):
        return False
    numbers = [int(str(value)) for value in head]
    return numbers in (list(range(len(head))), list(range(1, len(head) + 1))) and _different(column) == len(column)


def _different(column: pa.ChunkedArray) -> int:
    values = pc.unique(column).drop_null()
    return (
        sum(str(value).strip() != "" for value in values.to_pylist()) if len(values) <= 10 * MOST_ARMS else len(values)
    )


def _is_number(column: pa.ChunkedArray) -> bool:
    return _share_read(column, r"^\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*$") >= 0.9


def _is_told(column: pa.ChunkedArray) -> bool:
    """Say whether a column can be an outcome: numbers, amounts, or yes and no."""
    pattern = r"(?i)^\s*([^\w\s.,-]?\s?[+-]?[\d.,]+([eE][+-]?\d+)?%?|true|false|yes|no|t|f|y|n)\s*$"
    return _share_read(column, pattern) >= 0.5


def _share_read(column: pa.ChunkedArray, pattern: str) -> float:
    kind = column.type
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    ):
        return 1.0
    if not pa.types.is_string(kind):
        return 0.0
    values = pc.drop_null(pc.unique(column.slice(0, 20_000)))
    values = values.filter(pc.not_equal(pc.utf8_trim_whitespace(values), ""))
    if not len(values):
        return 0.0
    return float(np.mean(np.asarray(pc.match_substring_regex(values, pattern))))


def find_outcome(table: pa.Table, said: str | None) -> str:
    """Find one outcome among the columns: the one that was said, or the only one with the name of an outcome.

    Raises:
        SourceError: It is not there, or it cannot be seen which it is.

    >>> find_outcome(pa.table({"who": ["a"], "spend": [1.5]}), None)
    'spend'
    """
    names = table.column_names
    if said is not None:
        if said not in names:
            raise SourceError(missing_column("outcome", said, names))
        return said
    found = _outcomes(table, [name for name in names if not NO_ID.fullmatch(name)], {})
    if len(found) != 1:
        what = f"several could be ({', '.join(found)})" if found else "none has the name of one"
        raise SourceError(
            f"cannot see which column is the outcome: {what}; say --outcome COLUMN, one of {listed(names)}"
        )
    return found[0]
