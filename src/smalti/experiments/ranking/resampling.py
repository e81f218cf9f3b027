"""The error of the Qini measure by resampling customers: slower than its influence function, and not beholden to it."""

from __future__ import annotations

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers
from smalti.experiments.ranking.curve import Ranked, rank


def bootstrap_error(
    score: Floats, effect: Floats, customer: Integers | None = None, draws: int = 200, seed: int = 0
) -> float:
    """Give the standard error of the Qini measure by the Bayesian bootstrap (Rubin 1981).

    In each draw every customer counts by an exponential weight of mean 1, ranks being reckoned anew by weight.

    Args:
        score: By which customers are ranked, shape (n,).
        effect: One number per customer that is unbiased for her effect, shape (n,).
        customer: Whose each row is, as in `Logged`.
        draws: How many.
        seed: Of the draws: the same seed gives the same error.

    Raises:
        ModelError: Fewer than two draws, or a score is not a number.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> round(bootstrap_error(rng.normal(size=1000), rng.normal(size=1000), seed=1), 4)
        0.0095
    """
    if draws < 2:
        raise ModelError(f"draws: expected two or more, got {draws}")
    ranked, rng = rank(score), np.random.default_rng(seed)
    who = np.arange(len(score)) if customer is None else np.unique(customer, return_inverse=True)[1]
    told = [_qini(ranked, effect, rng.exponential(size=int(who.max()) + 1)[who]) for _ in range(draws)]
    return float(np.std(told, ddof=1))


def _qini(ranked: Ranked, effect: Floats, weight: Floats) -> float:
    counts = ranked.grouped(weight)
    total = float(counts.sum())
    higher = (np.cumsum(counts) - counts / 2) / total
    return float(((0.5 - higher) * ranked.grouped(effect * weight)).sum()) / total
