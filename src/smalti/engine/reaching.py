"""Whom the channels of a project reach: those with an address there, by consent that is known or a lawful basis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.facts import Instant
from smalti.rules import IsMissing, Name, Node, Not
from smalti.segments import Channel
from smalti.segments.quality import Channel as Reaching
from smalti.store import Store
from smalti.strategy.peers import Booleans
from smalti.traits import Computed, answer


def reaching(store: Store, computed: Computed, channels: Sequence[Channel], at: Instant) -> dict[str, Reaching]:
    """Say for each channel who has an address and who may be written to, of all customers in ascending order.

    Args:
        store: Where the table of customers is.
        computed: The table.
        channels: The project's channels, made ready.
        at: The as-of instant.
    """
    wanted: dict[str, Node] = {}
    for one in channels:
        wanted[f"{one.name} address"] = Not(IsMissing(Name(one.definition.address)))
        if one.consent is not None:
            wanted[f"{one.name} consent"] = one.consent
    if not wanted:
        return {}
    answers = answer(store, computed, wanted, at)
    found = {}
    for one in channels:
        address = np.asarray(answers[f"{one.name} address"].fill_null(False))
        consent = answers[f"{one.name} consent"] if one.consent is not None else None
        agreed: Booleans | None = np.ones(len(address), dtype=np.bool_)
        if consent is not None:
            agreed = None if consent.null_count == len(consent) else np.asarray(consent.fill_null(False))
        found[one.name] = Reaching(one.name, address, agreed)
    return found
