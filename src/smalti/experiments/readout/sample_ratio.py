"""Whether the arms have the sizes that were asked for; if not, something is broken and no effect can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from smalti.errors import ModelError

ALARM = 0.001
"""Sizes less likely than this under the weights asked for are an alarm."""
LEAST_EXPECTED = 5.0
"""With fewer customers expected in any arm, the chi-square distribution is no guide."""


@dataclass(frozen=True)
class SampleRatio:
    """The sizes of the arms against those asked for.

    Attributes:
        counts: How many customers each arm has.
        expected: How many it would have by its weight.
        p: The chance of sizes as far off as these (Pearson's chi-square).
        judged: Whether there are enough customers to judge.
    """

    counts: tuple[int, ...]
    expected: tuple[float, ...]
    p: float
    judged: bool

    @property
    def alarm(self) -> bool:
        """Whether the sizes are too far off to be chance."""
        return self.judged and self.p < ALARM


def sample_ratio(counts: Sequence[int], weights: Sequence[float] | None = None) -> SampleRatio:
    """Hold the sizes of the arms against their weights.

    Args:
        counts: How many customers each arm has.
        weights: The weight of each arm, in any unit; equal where None.

    Raises:
        ModelError: Fewer than two arms, or weights that are not above 0, one for each arm.

    Examples:
        >>> sample_ratio([44_700, 45_489]).p < 0.01, sample_ratio([44_700, 45_489]).alarm
        (True, False)
        >>> sample_ratio([5_000, 5_400]).alarm
        True

    Source: Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments (2019).
    """
    shares = np.asarray(weights if weights is not None else np.ones(len(counts)), dtype=np.float64)
    if len(counts) < 2 or len(shares) != len(counts) or not ((shares > 0) & np.isfinite(shares)).all():
        raise ModelError(
            f"weights: expected one above 0 for each of two or more arms, got {shares.tolist()} for {len(counts)}"
        )
    seen = np.asarray(counts, dtype=np.float64)
    expected = shares / shares.sum() * seen.sum()
    off = float(((seen - expected) ** 2 / np.maximum(expected, 1e-300)).sum())
    judged = bool(expected.min() >= LEAST_EXPECTED)
    return SampleRatio(
        tuple(int(one) for one in counts),
        tuple(float(one) for one in expected),
        float(chdtrc(len(counts) - 1, off)),
        judged,
    )
