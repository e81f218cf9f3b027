"""Where customers live: attributes made of the country and the city that a file names, by offline reference data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from smalti.errors import SourceError
from smalti.facts import Column, Type, arrow_type
from smalti.sources.definitions import PlacesDefinition
from smalti.sources.gazetteer import (
    CONTINENTS,
    City,
    Country,
    Gazetteer,
    continent_of,
    country_of,
    gazetteer,
    nearest_country,
)

EARTH_RADIUS = 6371.0088
"""Mean radius of the Earth in kilometres (Moritz 2000, Geodetic Reference System 1980)."""

COUNTRY_COLUMNS = (
    Column("country_name", Type.TEXT, "the country's name in English"),
    Column("country_code", Type.TEXT, "the country's two letters of ISO 3166-1"),
    Column("continent", Type.TEXT, "Africa, Antarctica, Asia, Europe, North America, Oceania or South America"),
)
"""Attributes made where it is said which column holds the country."""

CITY_COLUMNS = (
    Column("city_population", Type.INTEGER, "inhabitants of the city"),
    Column("urban", Type.BOOLEAN, "whether the city has at least so many inhabitants as `urban_from` says"),
    Column("latitude", Type.NUMBER, "of the city, degrees, north positive"),
    Column("longitude", Type.NUMBER, "of the city, degrees, east positive"),
)
"""Attributes made where it is said which column holds the city."""

DISTANCE_COLUMN = Column("distance_km", Type.NUMBER, "kilometres as the crow flies between the city and `near`")
"""The attribute made where it is said from where distances count."""

Place = tuple[str | None, str | None, str | None]
_POINT = re.compile(r"^\s*([-+]?\d+(?:\.\d+)?)\s*[,;]\s*([-+]?\d+(?:\.\d+)?)\s*$")
_EXAMPLES = 5


@dataclass(frozen=True)
class Placed:
    """Attributes of places.

    Attributes:
        columns: What they are called and mean.
        values: An array for each, row by row; missing where the place is not known.
        located: Of each row whether its city is known.
        notes: What could not be placed, and what was taken for granted, in sentences.
    """

    columns: tuple[Column, ...]
    values: tuple[pa.Array, ...]
    located: NDArray[np.bool_]
    notes: tuple[str, ...]


def place(definition: PlacesDefinition, where: Sequence[pa.Array], telling: NDArray[np.bool_], rows: str) -> Placed:
    """Look up where each row is; every distinct place is looked up once.

    Args:
        definition: Which attributes are wanted, and from where distances count.
        where: Countries, cities, and states or the like, as people write them; missing where not told.
        telling: Which rows are counted in the notes.
        rows: What a row is, for the notes: ``customers`` or ``rows``.

    Raises:
        SourceError: The country of all others, or the place from where distances count, is not known.

    >>> home = PlacesDefinition(country="land", city="town", near="London, GB")
    >>> where = [pa.array(["France", "UK"]), pa.array(["paris", "Nowhere"]), pa.nulls(2, pa.string())]
    >>> found = place(home, where, np.array([True, True]), "rows")
    >>> [(column.name, found.values[n][0].as_py()) for n, column in enumerate(found.columns)][1:5]
    [('country_code', 'FR'), ('continent', 'Europe'), ('city_population', 2138551), ('urban', True)]
    >>> found.values[-1].to_pylist()
    [343.771, None]
    >>> found.notes
    ("1 of 2 rows name a city that is not known in its country: 'Nowhere' (1)",)
    """
    distinct, inverse = _distinct(where)
    counts = np.bincount(inverse[telling], minlength=len(distinct))
    default = _default_country(definition)
    nations = [country_of(one[0]) if one[0] is not None else default for one in distinct]
    book = _book(definition, distinct, nations)
    found = [_cities(book, one, nation) for one, nation in zip(distinct, nations, strict=True)]
    columns, values = _values(definition, distinct, nations, found)
    taken = pa.array(inverse)
    located = np.array([bool(some) for some in found], dtype=bool)[inverse]
    notes = _Told(distinct, counts, nations, rows).notes(found)
    return Placed(columns, tuple(one.take(taken) for one in values), located, tuple(notes))


def haversine(latitude: ArrayLike, longitude: ArrayLike, from_: tuple[float, float]) -> NDArray[np.float64]:
    """Give great-circle distances in kilometres on a sphere of the Earth's mean radius (Sinnott 1984).

    Args:
        latitude: Degrees, any shape.
        longitude: Degrees, the same shape.
        from_: Latitude and longitude of the place that distances count from.

    >>> float(haversine(48.8534, 2.3488, (51.50853, -0.12574)).round(1))
    343.8
    """
    phi, lam = np.radians(np.asarray(latitude, np.float64)), np.radians(np.asarray(longitude, np.float64))
    phi0, lam0 = np.radians(from_[0]), np.radians(from_[1])
    half = np.sin((phi - phi0) / 2) ** 2 + np.cos(phi) * np.cos(phi0) * np.sin((lam - lam0) / 2) ** 2
    distance: NDArray[np.float64] = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return distance


def point(near: str, smallest: int = 5000) -> tuple[float, float]:
    """Give the latitude and longitude of a place: two numbers as they stand, a city as the reference data have it.

    Args:
        near: ``London, GB``, or ``51.5, -0.13``.
        smallest: Which cities are known; see `gazetteer`.

    Raises:
        SourceError: It is neither.

    >>> point("51.5, -0.13"), point("london, uk")
    ((51.5, -0.13), (51.50853, -0.12574))
    """
    numbers = _POINT.match(near)
    if numbers:
        latitude, longitude = float(numbers[1]), float(numbers[2])
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise SourceError(f"places: near '{near}' is not on the Earth: wanted -90 to 90, -180 to 180")
        return latitude, longitude
    city, _, land = near.rpartition(",")
    country = country_of(land) if city.strip() else None
    if country is None:
        wanted = "a city and its country, such as 'London, GB', or latitude and longitude, such as '51.5, -0.13'"
        raise SourceError(f"places: near '{near}' is not known: wanted {wanted}{_perhaps(nearest_country(land))}")
    book = gazetteer(frozenset({country.code}), smallest)
    found = book.find(country.code, city)
    if not found:
        near_by = _perhaps(book.nearest(country.code, city))
        raise SourceError(f"places: near '{near}': no city of that name is known in {country.name}{near_by}")
    return found[0].latitude, found[0].longitude


def _perhaps(name: str | None) -> str:
    return f"; did you mean '{name}'?" if name else ""


def _default_country(definition: PlacesDefinition) -> Country | None:
    text = definition.default_country
    if text is None:
        return None
    country = country_of(text)
    if country is None:
        raise SourceError(f"places: default_country '{text}' is not known{_perhaps(nearest_country(text))}")
    return country


def _distinct(columns: Sequence[pa.Array]) -> tuple[list[Place], NDArray[np.int64]]:
    """Give the distinct rows of columns of text, and of each row which one it is."""
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        one = column.dictionary_encode()
        own = one.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        codes = np.unique(codes * (len(one.dictionary) + 1) + own, return_inverse=True)[1]
    taken = pa.array(np.unique(codes, return_index=True)[1])
    return list(zip(*(one.take(taken).to_pylist() for one in columns), strict=True)), codes


def _book(definition: PlacesDefinition, distinct: Sequence[Place], nations: Sequence[Country | None]) -> Gazetteer:
    wanted = {nation.code for one, nation in zip(distinct, nations, strict=True) if nation and one[1] is not None}
    return gazetteer(frozenset(wanted), definition.smallest) if wanted else Gazetteer({}, {})


def _cities(book: Gazetteer, one: Place, nation: Country | None) -> tuple[City, ...]:
    return book.find(nation.code, one[1], one[2]) if nation is not None and one[1] is not None else ()


def _values(
    definition: PlacesDefinition,
    distinct: Sequence[Place],
    nations: Sequence[Country | None],
    found: Sequence[tuple[City, ...]],
) -> tuple[tuple[Column, ...], list[pa.Array]]:
    columns: tuple[Column, ...] = COUNTRY_COLUMNS
    lists: list[Iterable[object]] = [
        [nation and nation.name for nation in nations],
        [nation and nation.code for nation in nations],
        [_continent(one, nation) for one, nation in zip(distinct, nations, strict=True)],
    ]
    if definition.city is not None:
        first = [some[0] if some else None for some in found]
        sizes = [one.population if one else None for one in first]
        columns += CITY_COLUMNS
        lists += [
            sizes,
            [None if size is None else size >= definition.urban_from for size in sizes],
            [one.latitude if one else None for one in first],
            [one.longitude if one else None for one in first],
        ]
        if definition.near is not None:
            columns += (DISTANCE_COLUMN,)
            lists.append(_distances(first, point(definition.near, definition.smallest)))
    arrays = [pa.array(values, arrow_type(column.type)) for column, values in zip(columns, lists, strict=True)]
    return columns, arrays


def _continent(one: Place, nation: Country | None) -> str | None:
    code = nation.continent if nation else one[0] and continent_of(one[0])
    return CONTINENTS[code] if code else None


def _distances(cities: Sequence[City | None], from_: tuple[float, float]) -> list[float | None]:
    """Distances to the metre, so that no machine's last bits show."""
    known = [(one.latitude, one.longitude) if one else (np.nan, np.nan) for one in cities]
    points = np.array(known, dtype=np.float64).reshape(-1, 2)
    distances = haversine(points[:, 0], points[:, 1], from_).round(3)
    return [None if np.isnan(one) else float(one) for one in distances]


@dataclass(frozen=True)
class _Told:
    """Says what could not be placed, with the commonest examples."""

    distinct: Sequence[Place]
    counts: NDArray[np.int64]
    nations: Sequence[Country | None]
    rows: str

    def notes(self, found: Sequence[tuple[City, ...]]) -> list[str]:
        regions, strange, unknown, namesakes = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
        homeless = 0
        for one, count, nation, cities in zip(self.distinct, self.counts.tolist(), self.nations, found, strict=True):
            country, city, _ = one
            if nation is None and country is not None:
                (regions if continent_of(country) else strange)[country] += count
            elif nation is None and city is not None:
                homeless += count
            elif city is not None and not cities:
                unknown[city] += count
            elif (
                city is not None
                and len({(near.name, near.region) for near in cities if near.name == cities[0].name}) > 1
            ):
                namesakes[city] += count
        total = f"of {int(self.counts.sum()):,} {self.rows}"
        told = (
            (regions, f"{total} are of a region of more than one country, of which only the continent is known"),
            (strange, f"{total} are of a country that is not known"),
            (unknown, f"{total} name a city that is not known in its country"),
            (namesakes, f"{total} name a city that has namesakes in its country, the most populous of which was taken"),
        )
        lines = [f"{sum(of.values()):,} {what}: {_examples(of)}" for of, what in told if of.total()]
        return lines + ([f"{homeless:,} {total} name a city and no country, and were not placed"] if homeless else [])


def _examples(counted: Counter[str]) -> str:
    commonest = sorted((+counted).items(), key=lambda item: (-item[1], item[0]))[:_EXAMPLES]
    more = len(+counted) - len(commonest)
    return ", ".join(f"'{name}' ({count:,})" for name, count in commonest) + (f" and {more:,} more" if more else "")
