"""A cheap look at files, and what they seem to be: `inspect`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import ValidationError

from smalti.errors import SourceError, nearest
from smalti.facts import CUSTOMERS, ORDERS, TOUCHES
from smalti.sources.amounts import is_sign_open, sign_note
from smalti.sources.batches import Batch
from smalti.sources.definitions import SourceDefinition
from smalti.sources.files import SourceFile, find_files
from smalti.sources.formats import Format, find_format, read_batches
from smalti.sources.kinds import distinct_texts
from smalti.sources.roles import Role, SeenColumn, find_roles, is_telling, see_column

SAMPLE_ROWS = 20_000
_CELLS = 2_000_000
_CLOSE_LOOK = 300
_COLUMN_ROLES = ("order_id", "quantity", "price", "product", "category", "channel", "discount", "cost")


@dataclass(frozen=True)
class Guess:
    """What some files seem to be.

    Attributes:
        files: Their names as the user gave them.
        kind: ``orders``, or ``customers`` for what is said of customers, in one row each or, with dates, in one each time;
            ``touches`` where the user said so.
        format: What the first file is, in words.
        columns: Its columns, as the sample showed them; of more than 300 the first, and those whose names tell something.
        roles: The columns with a role, and why.
        given: What the user said about the files.
        cancelled: Pattern of order ids that are cancellations, if some look so.
        notes: What the sample left open and was assumed, in sentences.
    """

    files: tuple[str, ...]
    kind: Literal["orders", "customers", "touches"]
    format: str
    columns: tuple[SeenColumn, ...]
    roles: tuple[Role, ...]
    given: SourceDefinition
    cancelled: str | None = None
    notes: tuple[str, ...] = ()

    def column(self, role: str) -> str | None:
        """Give the column of a role, or None."""
        return next((found.column for found in self.roles if found.role == role), None)

    def definition(self) -> SourceDefinition:
        """Give the definition that reads the files as they were understood."""
        given = self.given
        if self.kind != "orders":
            return given.changed(customer=self.column("customer"), at=self.column("at") or given.at)
        named = dict(given.columns)
        amount = self.column("amount")
        if amount is not None:
            named.setdefault("revenue", amount)
        elif "revenue" not in named:
            named |= {role: self.column(role) or "" for role in ("quantity", "price")} | named
        if not given.columns:
            extra = ("country",) if self.column("country") else ()
            for role in (*_COLUMN_ROLES, *extra):
                column = self.column(role)
                if column is not None:
                    named.setdefault(role, column)
        cancelled = given.cancelled or (self.cancelled if given.status is None else None)
        return given.changed(customer=self.column("customer"), at=self.column("at"), columns=named, cancelled=cancelled)

    def sentences(self) -> list[str]:
        """Say in sentences what was understood, for printing."""
        of_customers = "customers, one row each" if self.given.at is None else "customers, each row from its date on"
        what = of_customers if self.kind == "customers" else self.kind
        told = [f"{', '.join(self.files)}: {what}; {self.format}"]
        return [*told, *(f"{role.role}: {role.column} ({role.reason})" for role in self.roles), *self.notes]


def inspect(files: Sequence[str] | str, *, home: Path | None = None, **overrides: Any) -> Guess:
    """Look at files and guess what they are, from their columns and a sample of rows.

    Args:
        files: File names or globs.
        home: The folder that relative names start from; None takes the working folder.
        **overrides: Fields of `SourceDefinition`, besides `amount` (the column with the money), `kind` (``orders`` or
            ``customers``) and the roles of order lines (`order_id`, `quantity`, `price`, ...). None counts as not said.

    Raises:
        SourceError: The files cannot be read, a named column is not there, or it cannot be seen who bought when for
            how much.
    """
    said = {name: value for name, value in overrides.items() if value is not None}
    kind = said.pop("kind", None)
    given_roles = {role: said.pop(role) for role in ("amount", *_COLUMN_ROLES) if role in said}
    given = _definition(files, said)
    found = find_files(given.files, home)
    form, sample = _sample(found[0], given)
    columns = tuple(see_column(name, sample[name].combine_chunks()) for name in _telling(sample.column_names, given))
    _check_names(given, given_roles, sample.column_names)
    fixed = {**_given_roles(given), **given_roles}
    roles = find_roles(columns, fixed)
    kind = kind or _kind(columns, roles, fixed, len(sample))
    chosen = _of_kind(kind, roles)
    names = tuple(file.name for file in found)
    if kind == "orders":
        _check_roles(chosen, sample.column_names, names)
    elif "customer" not in chosen:
        raise SourceError(_wanted(names, sample.column_names, ["customer"]))
    cancelled = _cancelled(sample, chosen.get("order_id")) if kind == "orders" else None
    notes = _open_signs(sample, chosen) if kind == "orders" and given.decimal is None else ()
    return Guess(names, kind, str(form), columns, tuple(chosen.values()), given, cancelled, notes)


def complete(definition: SourceDefinition, kind: str, home: Path | None = None) -> SourceDefinition:
    """Fill in what a definition leaves open, by looking at its files.

    Raises:
        SourceError: As `inspect`.
    """
    dated = definition.at if kind == TOUCHES.name else kind != ORDERS.name or (definition.at and definition.columns)
    if definition.customer and dated:
        return definition
    said = {
        name: value
        for name, value in definition.model_dump().items()
        if name not in ("files",) and value not in (None, ())
    }
    known = kind if kind in (ORDERS.name, TOUCHES.name) else CUSTOMERS.name
    return inspect(definition.files, home=home, kind=known, **said).definition()


def _telling(names: Sequence[str], given: SourceDefinition) -> list[str]:
    """Give the columns worth a look: all, or of very many the first ones and those whose names tell something."""
    said = {given.customer, given.at, given.status, *given.mapping.values()}
    return [name for place, name in enumerate(names) if place < _CLOSE_LOOK or name in said or is_telling(name)]


def _definition(files: Sequence[str] | str, said: dict[str, Any]) -> SourceDefinition:
    try:
        return SourceDefinition.model_validate({"files": files if isinstance(files, str) else tuple(files), **said})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SourceError(f"source option '{name}': {first['msg']}") from error


def _given_roles(given: SourceDefinition) -> dict[str, str]:
    fixed = {role: value for role, value in (("customer", given.customer), ("at", given.at)) if value}
    for name, column in given.columns:
        role = "amount" if name == "revenue" else name
        if role in ("amount", *_COLUMN_ROLES):
            fixed[role] = column
    if given.status:
        fixed["status"] = given.status
    return fixed


def _sample(file: SourceFile, given: SourceDefinition) -> tuple[Format, pa.Table]:
    form = find_format(file, given, whole=False)
    taken: list[pa.Table] = []
    bad = rows = 0
    for batch in islice(read_batches(file, given, form), 4):
        taken.append(_shortened(batch))
        bad += len(batch.bad)
        rows += len(taken[-1])
        if rows >= SAMPLE_ROWS:
            break
    if not rows:
        why = f"all of its first {bad} rows are broken" if bad else "it has no rows"
        raise SourceError(f"'{file.name}' cannot be used: {why}")
    return form, pa.concat_tables(taken, promote_options="permissive")


def _shortened(batch: Batch) -> pa.Table:
    most = max(200, min(SAMPLE_ROWS, _CELLS // max(batch.table.num_columns, 1)))
    return batch.table.slice(0, most)


def _check_names(given: SourceDefinition, roles: dict[str, str], names: Sequence[str]) -> None:
    wanted = [("customer", given.customer), ("at", given.at), ("status", given.status)]
    for role, column in [*wanted, *roles.items(), *given.columns]:
        if column is not None and column not in names:
            raise SourceError(missing_column(role, column, names))


def missing_column(role: str, column: str, names: Sequence[str]) -> str:
    """Say that a named column is not there, and which is nearest."""
    near = nearest(column, names)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"there is no column '{column}' for {role}; the columns are {listed(names)}{hint}"


def listed(names: Sequence[str], most: int = 30) -> str:
    """Name the columns, the first of them where there are very many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _kind(
    columns: Sequence[SeenColumn], roles: dict[str, Role], fixed: dict[str, str], rows: int
) -> Literal["orders", "customers"]:
    """Judge whether rows are orders: attributes have one row for each customer, many columns and no order about them."""
    if "at" in fixed and ("amount" in fixed or "price" in fixed):
        return "orders"
    if "customer" not in roles:
        return "orders"
    customer = next(column for column in columns if column.name == roles["customer"].column)
    if customer.distinct < 0.999 or customer.filled < 0.999 or rows < 2:
        return "orders"
    money = "amount" in roles or ("quantity" in roles and "price" in roles)
    if "at" in roles and money and ("order_id" in roles or len(columns) < 8 or rows < 20):
        return "orders"
    named = roles["customer"].reason == "by its name" or roles["customer"].reason.startswith("its name")
    return "customers" if named or "customer" in fixed else "orders"


def _of_kind(kind: str, roles: dict[str, Role]) -> dict[str, Role]:
    """Give the roles that mean something: what is said of customers has an instant only where the user said so."""
    if kind == ORDERS.name:
        return roles
    dated = kind == TOUCHES.name
    return {
        name: role
        for name, role in roles.items()
        if name == "customer" or (name == "at" and (dated or role.reason == "as you said"))
    }


def _check_roles(roles: dict[str, Role], names: Sequence[str], files: tuple[str, ...]) -> None:
    missing = [role for role in ("customer", "at") if role not in roles]
    if "amount" not in roles and not ("quantity" in roles and "price" in roles):
        missing.append("amount")
    if missing:
        raise SourceError(_wanted(files, names, missing))


def _wanted(files: tuple[str, ...], names: Sequence[str], missing: Sequence[str]) -> str:
    said = {"customer": "the customer", "at": "the date", "amount": "the amount"}
    what = " and ".join(said[role] for role in missing)
    flags = " ".join(f"--{role} COLUMN" for role in missing)
    return (
        f"'{files[0]}': cannot see which column is {what}; the columns are {listed(names)}. "
        f"Wanted an order file with a customer, a date and an amount: name them with {flags}"
    )


def _open_signs(sample: pa.Table, roles: dict[str, Role]) -> tuple[str, ...]:
    """Say which decimal sign is assumed where the money of the sample could have either."""
    names = [roles[role].column for role in ("amount", "price", "quantity") if role in roles]
    texts = [
        text
        for name in names
        if pa.types.is_string(sample[name].type)
        for text in distinct_texts(sample[name].combine_chunks()).to_pylist()
    ]
    return (sign_note(f"column '{names[0]}'", texts),) if is_sign_open(texts) else ()


def _cancelled(sample: pa.Table, order_id: Role | None) -> str | None:
    """Give the pattern of cancellations where ids are digits and some have a C before them."""
    if order_id is None or not pa.types.is_string(sample[order_id.column].type):
        return None
    ids = [value for value in sample[order_id.column].unique().to_pylist() if value]
    marked = sum(re.fullmatch(r"[Cc]\d+", value) is not None for value in ids)
    plain = sum(value.isdigit() for value in ids)
    return r"[Cc]\d+" if 0 < marked < plain and marked + plain >= 0.9 * len(ids) else None
