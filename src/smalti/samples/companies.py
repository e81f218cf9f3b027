"""Customers who buy for a company: which one, its trade, and what each of its people has to say in what it buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.columns import Flags, Ints
from smalti.samples.draws import BLOCK, Aspect, generator, pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smalti.samples.lives import Traits
    from smalti.samples.personas import Persona

TRADES = ("office", "school", "studio", "cafe", "workshop")
_TRADE_WEIGHTS = (0.48, 0.20, 0.14, 0.07, 0.11)
ROLES = ("decision_maker", "buyer", "user", "influencer", "gatekeeper")
_FIRST_ROLE, _OTHER_ROLE = (0.55, 0.45, 0.0, 0.0, 0.0), (0.08, 0.25, 0.42, 0.15, 0.10)
_NEW = 0.36
"""Chance that one more customer from a company comes from another one than the last."""


class Work(NamedTuple):
    """For which company each customer buys; arrays of equal length.

    Attributes:
        company: Number of the company, each once in the shop; -1 for who buys for nobody but herself.
        trade: Place in `TRADES`; that of the company.
        role: Place in `ROLES`.
        role_told: Whether the role is known.
    """

    company: Ints
    trade: Ints
    role: Ints
    role_told: Flags


def work(who: Traits, personas: Sequence[Persona], seed: int, block: int) -> Work:
    """Draw the companies of a block: those who buy for one stand in its order, some three of each company together."""
    rng = generator(seed, block, Aspect.COMPANIES)
    works = rng.random(BLOCK) < np.array([kind.works for kind in personas])[who.persona]
    alone = np.array([kind.trade != "" for kind in personas])[who.persona]
    new = (rng.random(BLOCK) < _NEW) | alone
    trade, first, other = (pick(rng, weights, BLOCK) for weights in (_TRADE_WEIGHTS, _FIRST_ROLE, _OTHER_ROLE))
    always = np.array([TRADES.index(kind.trade) if kind.trade else -1 for kind in personas])[who.persona]
    trade = np.where(always >= 0, always, trade)
    told = rng.random(BLOCK) < 0.92
    members = np.flatnonzero(works)
    # Somebody who comes after one that is alone in her company opens another.
    opens = new[members] | np.concatenate([[True], alone[members][:-1]])[: len(members)]
    number = np.cumsum(opens) - 1
    firsts = members[opens]
    company = np.full(BLOCK, -1, np.int64)
    company[members] = number + block * BLOCK
    trade[members] = trade[firsts][number]
    role = np.where(np.isin(np.arange(BLOCK), firsts), first, other)
    return Work(company, trade, role, told)
