"""Where customers live and how they can be reached: real cities, and addresses that reach nobody.

E-mail addresses are of domains kept for examples (RFC 2606), telephone numbers of ranges kept for fiction by the countries'
regulators, and postcodes of districts that no post office serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.columns import Flags, Ints
from smalti.samples.draws import Aspect, generator, pick_each
from smalti.samples.people import COUNTRIES

if TYPE_CHECKING:
    from smalti.samples.people import People

_CITIES: dict[str, tuple[tuple[str, float], ...]] = {
    "GB": (
        ("London", 22), ("Birmingham", 7), ("Leeds", 6), ("Glasgow", 5), ("Manchester", 5), ("Sheffield", 4), ("Bristol", 5),
        ("Edinburgh", 5), ("Liverpool", 4), ("Cardiff", 3), ("Nottingham", 3), ("Newcastle upon Tyne", 3), ("Norwich", 2),
        ("Brighton", 3), ("Oxford", 2), ("Cambridge", 2), ("York", 2), ("Exeter", 1.5), ("Bath", 1.5), ("St Albans", 1.5),
        ("Canterbury", 1), ("Ely", 1), ("Stroud", 1), ("Whitby", 0.8), ("Hexham", 0.8), ("Ludlow", 0.8), ("Totnes", 0.6),
        ("Nether Mosswick", 1.2), ("Upper Thistledown", 1.0), ("Fennel Cross", 1.0), ("Little Saltgreen", 0.8),
    ),
    "IE": (("Dublin", 10), ("Cork", 3), ("Galway", 2), ("Limerick", 1.5), ("Kilkenny", 1), ("Ballyfennelbeg", 1)),
    "FR": (("Paris", 9), ("Lyon", 3), ("Lille", 2), ("Nantes", 2), ("Annecy", 1), ("Saint-Fenouil-le-Petit", 1)),
    "DE": (("Berlin", 6), ("Hamburg", 4), ("München", 4), ("Köln", 3), ("Weimar", 1), ("Niederfenchelbach", 1)),
    "NL": (("Amsterdam", 6), ("Rotterdam", 4), ("Utrecht", 3), ("Groningen", 1.5), ("Delft", 1), ("Venkelwoude", 0.7)),
    "US": (("New York", 6), ("Boston", 3), ("Chicago", 3), ("Seattle", 2), ("Portland", 1.5), ("Fennel Creek Falls", 0.7)),
}  # fmt: skip
VILLAGES = (
    "Nether Mosswick", "Upper Thistledown", "Fennel Cross", "Little Saltgreen", "Ballyfennelbeg", "Saint-Fenouil-le-Petit",
    "Niederfenchelbach", "Venkelwoude", "Fennel Creek Falls",
)  # fmt: skip
"""Places that are on no map."""

CITIES = tuple(name for country in COUNTRIES for name, _ in _CITIES[country])
_CITY_OF = np.array([[country == other for other in COUNTRIES for _ in _CITIES[other]] for country in COUNTRIES])
_CITY_WEIGHTS = _CITY_OF * np.array([weight for country in COUNTRIES for _, weight in _CITIES[country]])

_PHONES = {
    "GB": "+44 7700 900{:03d}",
    "IE": "+353 20 910 0{:03d}",
    "FR": "+33 6 39 98 1{:03d}",
    "DE": "+49 30 23125 {:03d}",
}
_AREAS = (212, 312, 415, 503, 617, 702, 713, 808, 907, 919)
"""Of the US, where every area keeps a hundred numbers."""
_POSTCODES = {
    "GB": "ZZ{0:02d} {1}ZZ", "IE": "Z99 Z{0:02d}{1}", "FR": "99{0:02d}{1}", "DE": "00{0:02d}{1}", "NL": "00{0:02d} Z{1}",
    "US": "000{0:02d}-{1}",
}  # fmt: skip
_EACH = 1000
NAMES = (
    "alder", "bittern", "chicory", "dunlin", "elder", "finch", "gorse", "heron", "iris", "jackdaw", "kestrel", "linnet",
    "martin", "nuthatch", "osprey", "plover", "quince", "robin", "sorrel", "teal", "umber", "vetch", "wren", "yarrow",
)  # fmt: skip
DOMAINS = ("@example.com", "@example.org", "@example.net")
PHONES = tuple(
    None if country == "NL" else _PHONES[country].format(number) if country != "US"
    else f"+1 {_AREAS[number // 100]} 555 01{number % 100:02d}"
    for country in COUNTRIES
    for number in range(_EACH)
)  # fmt: skip
POSTCODES = tuple(_POSTCODES[country].format(*divmod(number, 10)) for country in COUNTRIES for number in range(_EACH))


class Addresses(NamedTuple):
    """How each customer can be reached; arrays of equal length.

    Attributes:
        city: Place in `CITIES`.
        city_told: Whether it is known.
        name: Place in `NAMES`, of the e-mail address.
        domain: Place in `DOMAINS`.
        email_told: Whether the e-mail address is known: nearly always where there is consent.
        phone: Place in `PHONES`.
        phone_told: Whether it is known.
        postcode: Place in `POSTCODES`.
        postcode_told: Whether it is known.
    """

    city: Ints
    city_told: Flags
    name: Ints
    domain: Ints
    email_told: Flags
    phone: Ints
    phone_told: Flags
    postcode: Ints
    postcode_told: Flags


def addresses(known: People, seed: int, block: int) -> Addresses:
    """Draw the addresses of a block of customers, in the countries they live in."""
    rng = generator(seed, block, Aspect.ADDRESSES)
    size = len(known.country)
    agrees, texts, post = (consent == 0 for consent in (known.email, known.sms, known.post))
    return Addresses(
        city=pick_each(rng, _CITY_WEIGHTS[known.country]),
        city_told=rng.random(size) < 0.94,
        name=rng.integers(0, len(NAMES), size),
        domain=rng.integers(0, len(DOMAINS), size),
        email_told=rng.random(size) < np.where(agrees, 0.97, 0.60),
        phone=known.country * _EACH + rng.integers(0, _EACH, size),
        phone_told=rng.random(size) < np.where(texts, 0.95, 0.30),
        postcode=known.country * _EACH + rng.integers(0, _EACH, size),
        postcode_told=rng.random(size) < np.where(post, 0.95, 0.60),
    )
