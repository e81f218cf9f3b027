"""What a company knows of its customers besides what they bought: some of it missing, as always."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.columns import Flags, Floats, Ints
from smalti.samples.draws import Aspect, generator, pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smalti.samples.lives import Traits
    from smalti.samples.personas import Persona

COUNTRIES = ("GB", "IE", "FR", "DE", "NL", "US")
_COUNTRY_WEIGHTS = (0.80, 0.06, 0.04, 0.05, 0.03, 0.02)
GENDERS = ("female", "male", "other", None)
_GENDER_WEIGHTS = (0.44, 0.34, 0.01, 0.21)
SOURCES = ("search", "recommendation", "social", "catalogue", "passing by")
_SOURCE_WEIGHTS = (0.38, 0.20, 0.22, 0.12, 0.08)
CONSENTS = (True, False, None)
_CONSENT_WEIGHTS = {"email": (0.68, 0.20, 0.12), "sms": (0.30, 0.38, 0.32), "post": (0.45, 0.25, 0.30)}


class People(NamedTuple):
    """What was asked of each customer; arrays of equal length.

    Attributes:
        country: Place in `COUNTRIES`.
        gender: Place in `GENDERS`; the last is not told.
        source: Place in `SOURCES`.
        age: Years at the end.
        age_told: Whether the birth date is known.
        waited: Days between signing up and the first order.
        email: Place in `CONSENTS`.
        sms: Likewise.
        post: Likewise.
    """

    country: Ints
    gender: Ints
    source: Ints
    age: Floats
    age_told: Flags
    waited: Ints
    email: Ints
    sms: Ints
    post: Ints


def people(who: Traits, personas: Sequence[Persona], seed: int, block: int) -> People:
    """Draw what is known of the customers of a block."""
    rng = generator(seed, block, Aspect.PEOPLE)
    always = np.array([SOURCES.index(kind.source) if kind.source else -1 for kind in personas])[who.persona]
    size = len(who.persona)
    mean = np.array([kind.age for kind in personas])[who.persona]
    return People(
        country=pick(rng, _COUNTRY_WEIGHTS, size),
        gender=pick(rng, _GENDER_WEIGHTS, size),
        source=np.where(always >= 0, always, pick(rng, _SOURCE_WEIGHTS, size)),
        age=np.clip(mean + 11 * rng.standard_normal(size), 18, 95),
        age_told=rng.random(size) < 0.86,
        waited=np.where(rng.random(size) < 0.7, 0, np.minimum(rng.geometric(0.08, size), 120)).astype(np.int64),
        email=pick(rng, _CONSENT_WEIGHTS["email"], size),
        sms=pick(rng, _CONSENT_WEIGHTS["sms"], size),
        post=pick(rng, _CONSENT_WEIGHTS["post"], size),
    )
