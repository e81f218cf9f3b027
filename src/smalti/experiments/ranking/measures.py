"""Measures of a ranking as averages of effects with weights by rank, and the influence of every customer on them.

All are of one form, the mean of w(r) x effect, r being the share of customers ranked higher, ties by halves: rank-weighted
average treatment effects (Yadlowsky, Fleming, Shah, Brunskill and Wager 2021). Their influence functions have two parts: the
customer's own weighted effect, and what her being there does to the ranks of others.
"""

from __future__ import annotations

import numpy as np

from smalti.experiments.logged import Floats
from smalti.experiments.ranking.curve import Ranked


def qini_weights(ranked: Ranked) -> Floats:
    """Give each customer's weight in the Qini measure: a half less the share ranked higher; shape (n,).

    The mean of weight x effect is the area between the uplift curve and the straight line to its end (Radcliffe 2007).
    """
    return 0.5 - _higher(ranked)


def autoc_weights(ranked: Ranked) -> Floats:
    """Give each customer's weight in AUTOC, about -log(share ranked higher) - 1; shape (n,).

    The mean of weight x effect is the mean, over shares, of the mean effect among the share ranked highest, less the mean
    effect of all. It looks at the very top more than Qini does: better where few customers are to be treated.
    """
    rows = len(ranked.order)
    tails = np.cumsum(1.0 / np.arange(rows, 0, -1))[::-1] - 1.0
    return ranked.spread(np.add.reduceat(tails, ranked.starts) / ranked.counts)


def qini_influence(ranked: Ranked, effect: Floats) -> Floats:
    """Give each customer's influence on the Qini measure, plus the measure; shape (n,)."""
    weights = qini_weights(ranked)
    return _influence(ranked, effect, weights, np.full(len(effect), -1.0))


def autoc_influence(ranked: Ranked, effect: Floats) -> Floats:
    """Give each customer's influence on AUTOC, plus AUTOC; shape (n,)."""
    return _influence(ranked, effect, autoc_weights(ranked), -1.0 / _higher(ranked))


def _higher(ranked: Ranked) -> Floats:
    """Give the share ranked higher than each, those with the same score by halves (and so herself)."""
    return ranked.spread((ranked.starts + ranked.counts / 2) / len(ranked.order))


def _influence(ranked: Ranked, effect: Floats, weights: Floats, slopes: Floats) -> Floats:
    """Add to each customer's weighted effect what she does to the ranks of those below her (ties by halves)."""
    moved = ranked.grouped(effect * slopes)
    below = np.cumsum(moved[::-1])[::-1] - moved / 2
    ranks = ranked.spread(below / len(effect))
    return np.asarray(effect * weights + ranks - ranks.mean())
