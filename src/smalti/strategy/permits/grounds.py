"""Grounds: what is known of all customers when it is asked what may be done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from smalti.facts import Instant
from smalti.strategy.candidates import NONE_PENDING, Pending
from smalti.strategy.peers import Booleans, Integers
from smalti.strategy.timing import Clocks

HISTORY = pa.schema(
    [
        ("row", pa.int64()),
        ("at", pa.int64()),
        ("channel", pa.string()),
        ("purpose", pa.string()),
        ("treatment", pa.string()),
        ("step", pa.int64()),
    ]
)
"""Contacts there have been: the row of the customer, the instant in microseconds UTC, and what it was."""


@dataclass(frozen=True, eq=False)
class Grounds:
    """What is known of all customers; rows are customers in ascending order, n of them.

    What is not said is not allowed: a treatment that `eligible` does not name is for nobody, one with a trigger that
    `begins` does not name begins for nobody, a channel that `address` or `agreed` does not name reaches nobody.

    Attributes:
        count: How many customers there are.
        at: The as-of instant: a plan begins here.
        until: Its end: first contacts are due before it.
        zone: The project's time zone.
        eligible: By treatment, whom its own rule and that of its strategy allow; shape (n,).
        address: By channel, who has an address there; shape (n,).
        agreed: By channel, who has agreed to be contacted by it, or whom a lawful basis stated in the project covers;
            shape (n,).
        begins: By treatment that has a trigger, for whom what it begins with has happened; shape (n,).
        moments: By treatment that has a trigger, between which instants it may begin for each customer; both of shape (n,);
            one that is not here may begin throughout the plan.
        zones: The name of each customer's time zone, null where it is the project's; None where nobody's is known.
        suppressed: Who is never contacted; None for nobody.
        held_out: By treatment, who is held out of it or of everything.
        elsewhere: By treatment, whom an experiment has drawn into an arm in which it is not given.
        history: Contacts there have been, with the columns of `HISTORY`; ``step`` may be missing. What reached nobody,
            such as what the control of an experiment would have got, is not among them.
        pending: Contacts to come that earlier plans have begun.
    """

    count: int
    at: Instant
    until: Instant
    zone: str
    eligible: Mapping[str, Booleans]
    address: Mapping[str, Booleans]
    agreed: Mapping[str, Booleans]
    begins: Mapping[str, Booleans] = field(default_factory=dict)
    moments: Mapping[str, tuple[Integers, Integers]] = field(default_factory=dict)
    zones: pa.Array | Sequence[str | None] | None = None
    suppressed: Booleans | None = None
    held_out: Mapping[str, Booleans] = field(default_factory=dict)
    elsewhere: Mapping[str, Booleans] = field(default_factory=dict)
    history: pa.Table = field(default_factory=HISTORY.empty_table)
    pending: Pending = NONE_PENDING

    @cached_property
    def clocks(self) -> Clocks:
        """The clocks that customers live by."""
        return Clocks.of(self.zones, self.zone, self.count)

    @property
    def nobody(self) -> Booleans:
        """No customer; shape (n,)."""
        return np.zeros(self.count, dtype=np.bool_)

    def reached(self, channel: str) -> Booleans:
        """Say who has an address on a channel and has agreed to it; shape (n,).

        >>> both = np.array([True, False])
        >>> known = Grounds(2, 0, 1, "UTC", eligible={}, address={"sms": ~both, "email": both}, agreed={"email": both})
        >>> known.reached("email").tolist(), known.reached("sms").tolist()
        ([True, False], [False, False])
        """
        return self.address.get(channel, self.nobody) & self.agreed.get(channel, self.nobody)
