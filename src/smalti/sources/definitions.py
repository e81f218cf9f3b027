"""What a project says about an outside file: where it is, and which of its columns means what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

LINE_FIELDS = (
    "order_id",
    "revenue",
    "quantity",
    "price",
    "product",
    "category",
    "cost",
    "discount",
    "channel",
)
"""The names that mean something in an orders source; any other name in `columns` is the project's own column."""


class SourceDefinition(BaseModel):
    """Outside files and how they become facts of one stream.

    Built from YAML or in Python to the same frozen, hashable value. A source named ``orders`` gives orders, order items
    and returns; one named ``customers`` gives attributes, with their history where rows have an instant; one of any other
    name, such as ``events``, ``touches``, ``answers`` or ``tickets``, gives a stream of its own, a fact for each row.

    >>> source = SourceDefinition.model_validate(
    ...     {"from": "orders.csv", "customer": "who", "at": "day", "columns": {"revenue": "total"}}
    ... )
    >>> source.files, source.column("revenue"), hash(source) == hash(source.model_copy())
    (('orders.csv',), 'total', True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    files: tuple[str, ...] = Field(
        alias="from",
        min_length=1,
        description="Files or globs: CSV, TSV, Parquet, JSON Lines, Excel, each also gzipped.",
    )
    customer: str | None = Field(
        default=None, description="Column with the customer's id; found by itself if left out."
    )
    at: str | None = Field(
        default=None,
        description="Column with the date or the date and time of the fact; found by itself for orders. Of a "
        "customers source each row holds from then on; one without it says what has always held.",
    )
    columns: tuple[tuple[str, str], ...] = Field(
        default=(),
        description="Our name of a column, and its name in the file: order_id, revenue, quantity, price, product, "
        "category, cost, discount, channel, or a name of your own. Empty takes what can be recognised in an orders "
        "source and every column in any other.",
    )
    id: str | None = Field(
        default=None,
        description="Column with a fact's own id, in a stream of your own: identical rows are then the same fact told "
        "twice. Without it each row is a fact.",
    )
    encoding: str | None = Field(
        default=None, description="Encoding of a text file, such as cp1252; detected if left out."
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        description="Character between fields, 'tab', or 'whitespace' for columns lined up with spaces; detected if left out.",
    )
    header: bool | None = Field(default=None, description="Whether the first row holds the names of the columns.")
    names: tuple[str, ...] = Field(default=(), description="Names of the columns of a file without a header.")
    date_format: str | None = Field(
        default=None, description="Format of the date as in strptime, such as %d.%m.%Y %H:%M; detected if left out."
    )
    day_first: bool | None = Field(
        default=None, description="Whether 03/04/2026 is the third of April; decided by the contents where they can."
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The decimal sign of amounts in text; decided by the contents if left out."
    )
    sheet: str | None = Field(
        default=None, description="Sheet of an Excel file; left out, all sheets with the columns of the first are read."
    )
    duplicates: Literal["set_aside", "keep"] | None = Field(
        default=None,
        description="What to do with identical rows; left out, those of orders are set aside where rows have an order id "
        "or a time of day, and kept where they have neither, since they may then be separate purchases; those of customers "
        "are set aside; those of a stream of your own are kept unless it names an id.",
    )
    status: str | None = Field(
        default=None, description="Column that says whether an order, or a line of it, was cancelled."
    )
    cancelled: str | None = Field(
        default=None,
        description="Regular expression that a cancelled order's status matches, or its order id where there is no status.",
    )

    @field_validator("files", "names", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return tuple(value.items()) if isinstance(value, Mapping) else value

    @property
    def mapping(self) -> dict[str, str]:
        """Our names of the columns and theirs."""
        return dict(self.columns)

    def column(self, name: str) -> str | None:
        """Give the file's name of one of our columns, or None where the source has none."""
        return self.mapping.get(name)

    def changed(self, **fields: object) -> SourceDefinition:
        """Give the same definition with some fields replaced, checked anew."""
        return SourceDefinition.model_validate({**self.model_dump(), **fields})
