"""What customers want of a shop: four groups of needs, and the survey by which they can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from smalti.samples.columns import Flags, Ints
from smalti.samples.draws import Aspect, generator, pick_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smalti.samples.lives import Purchases, Traits
    from smalti.samples.personas import Persona

GROUPS = ("thrifty", "hurried", "careful", "inspired")
QUESTIONS = (
    "low_price", "easy_returns", "fast_delivery", "one_stop", "lasting_quality", "fairly_made", "advice", "gift_ideas",
    "something_new",
)  # fmt: skip
"""Asked as: is this important to you when you shop with us?"""

_WANTED = {
    "thrifty": ("low_price", "easy_returns"),
    "hurried": ("fast_delivery", "one_stop"),
    "careful": ("lasting_quality", "fairly_made", "advice"),
    "inspired": ("gift_ideas", "something_new"),
}
_YES = np.array([[0.88 if name in _WANTED[group] else 0.13 for name in QUESTIONS] for group in GROUPS])
"""Chance of a yes: one row per group, one column per question."""
_ANSWERS, _SKIPS = 0.58, 0.03


class Survey(NamedTuple):
    """What customers said when asked once; arrays of equal length.

    Attributes:
        group: Place of the true group in `GROUPS`.
        answered: Whether she answered at all.
        at: When, seconds since 1970-01-01 UTC.
        yes: One row per customer, one column per question.
        skipped: Likewise: whether the question was left open.
    """

    group: Ints
    answered: Flags
    at: Ints
    yes: npt.NDArray[np.bool_]
    skipped: npt.NDArray[np.bool_]


def survey(who: Traits, bought: Purchases, personas: Sequence[Persona], end: int, draw: tuple[int, int]) -> Survey:
    """Draw the needs of a block of customers and what they answer, some time after the first order and before the end.

    Args:
        who: Who they truly are.
        bought: Their purchases.
        personas: Whose places `who` holds.
        end: Seconds since 1970-01-01 UTC.
        draw: Seed and number of the block.
    """
    rng = generator(*draw, Aspect.ANSWERS)
    size = len(who.persona)
    group = pick_each(rng, np.array([kind.needs for kind in personas], dtype=np.float64)[who.persona])
    first = bought.at[bought.number == 1]
    at = first + np.floor(rng.random(size) ** 0.5 * (end - first)).astype(np.int64)
    answered, yes = rng.random(size) < _ANSWERS, rng.random((size, len(QUESTIONS))) < _YES[group]
    skipped = rng.random((size, len(QUESTIONS))) < _SKIPS
    # The first customer answers everything, so that the smallest shop has a survey too.
    answered[0], skipped[0] = True, False
    return Survey(group, answered, np.minimum(at, end - 1), yes, skipped)
