"""Names of groups, by what sets each apart from everybody: ``tasty_not_cheap``, ``high_spend``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from smalti.discovery.measures import Floats, Measure
from smalti.rules import write_name

APART = 0.1
"""From which difference of its mean from everybody's a trait is worth a name: a tenth of its scale, or of all customers."""
WORDS = 3
"""How many traits a name tells of, if fewer than that do not do."""


def group_names(measures: Sequence[Measure], centres: Floats) -> tuple[str, ...]:
    """Name each group by the traits whose mean in it is farthest from the mean of all: what it is, then what it is not.

    Names are plain words of the language. Where two groups would be called alike, further traits are told, and at last
    a number.

    Args:
        measures: The traits.
        centres: The mean of each trait in each group, in the traits' own units, shape (groups, measures).

    >>> from smalti.facts import Type
    >>> measures = [Measure(name, Type.BOOLEAN, 0.5, 1.0, 1.0, 1.0) for name in ("tasty", "Very cheap")]
    >>> group_names(measures, np.array([[0.9, 0.2], [0.1, 0.9], [0.5, 0.5], [0.55, 0.45]]))
    ('tasty_not_very_cheap', 'very_cheap_not_tasty', 'average', 'average_2')
    """
    means, scales = (np.array([getattr(one, what) for one in measures]) for what in ("mean", "scale"))
    apart = (np.asarray(centres, dtype=np.float64) - means) / scales
    told = [_told(measures, row) for row in apart]
    words = [WORDS] * len(told)
    for _ in range(len(measures)):
        names = [_name(one, count) for one, count in zip(told, words, strict=True)]
        words = [count + (names.count(name) > 1) for name, count in zip(names, words, strict=True)]
    return _numbered([_name(one, count) for one, count in zip(told, words, strict=True)])


def _told(measures: Sequence[Measure], apart: Floats) -> list[str]:
    order = np.argsort(-np.round(np.abs(apart), 9), kind="stable")
    return [_word(measures[at], float(apart[at])) for at in order if abs(apart[at]) >= APART]


def _word(measure: Measure, apart: float) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", measure.name.lower()).strip("_") or "trait"
    if measure.boolean:
        return word if apart > 0 else f"not_{word}"
    return f"{'high' if apart > 0 else 'low'}_{word}"


def _name(told: Sequence[str], words: int) -> str:
    plainly = sorted(told[:words], key=lambda word: word.startswith("not_"))
    name = "_".join(plainly) or "average"
    return name if write_name(name) == name else f"group_{name}"


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    taken: list[str] = []
    for name in names:
        free, number = name, 1
        while free in taken or (free in names and number > 1):
            number += 1
            free = f"{name}_{number}"
        taken.append(free)
    return tuple(taken)
