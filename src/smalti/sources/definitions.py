"""What a project says about an outside file: where it is, and which of its columns means what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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


class PlacesDefinition(BaseModel):
    """Which columns of a customers source say where its customers are, and what is made of them.

    The country gives the attributes ``country_name``, ``country_code`` and ``continent``; the city ``city_population``,
    ``urban``, ``latitude`` and ``longitude``; with `near` there is ``distance_km`` as well. A column of the file with one
    of these names stays as it is.

    >>> PlacesDefinition.model_validate({"country": "country", "city": "town", "near": "London, GB"}).urban_from
    50000
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str | None = Field(
        default=None,
        description="Column of the file with the country: its name in any language, or its code of ISO 3166.",
    )
    city: str | None = Field(
        default=None, description="Column of the file with the city or town, as people there or elsewhere spell it."
    )
    region: str | None = Field(
        default=None,
        description="Column of the file with the state, by which cities of one name are told apart: of the US by name or "
        "code, elsewhere by GeoNames' code of the first administrative division.",
    )
    default_country: str | None = Field(
        default=None, description="Country of the customers of whom the file tells none, such as GB."
    )
    near: str | None = Field(
        default=None,
        description="Where distances count from: a city and its country, such as 'London, GB', or latitude and longitude, "
        "such as '51.5, -0.13'.",
    )
    urban_from: int = Field(
        default=50_000,
        ge=1,
        description="From how many inhabitants on a city counts as urban; 50,000 is a city's least in the degree of "
        "urbanisation (United Nations Statistical Commission, 2020).",
    )
    smallest: Literal[500, 1000, 5000, 15000] = Field(
        default=5000,
        description="Cities of at least so many inhabitants are known; 5,000 is a town's least in the degree of "
        "urbanisation. The fewer, the longer they take to read.",
    )

    @model_validator(mode="after")
    def _whole(self) -> PlacesDefinition:
        if self.country is None and self.default_country is None:
            raise ValueError("places need 'country', the column with the country, or 'default_country', one for all")
        for name in ("region", "near"):
            if getattr(self, name) is not None and self.city is None:
                raise ValueError(f"places need 'city', the column with the city, for '{name}' to mean something")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that say where customers are."""
        return tuple(name for name in (self.country, self.city, self.region) if name is not None)


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
    places: PlacesDefinition | None = Field(
        default=None,
        description="Which columns of a customers source say where its customers are: gives country_name, country_code, "
        "continent, city_population, urban, latitude, longitude, distance_km.",
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
