"""The contacts of a plan, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.strategy.candidates import Contact
from smalti.strategy.peers import Booleans, Floats, Integers

_NOBODY = "\0"

CONTACTS = pa.schema(
    [
        ("row", pa.int64()),
        ("treatment", pa.string()),
        ("step", pa.int64()),
        ("channel", pa.string()),
        ("purpose", pa.string()),
        ("due", pa.int64()),
        ("cost", pa.float64()),
    ]
)
"""Contacts planned: the row of the customer, what the contact is, when it is due (microseconds UTC), and what its
action costs, minor units, on the first contact."""


@dataclass(frozen=True, eq=False)
class PlannedContacts:
    """Contacts planned, as arrays, m of them.

    Attributes:
        rows: Whose each is; shape (m,).
        due: When each is due, microseconds UTC; shape (m,).
        cost: What each costs, minor units; shape (m,).
        kinds: What differs in treatment, step, channel or purpose.
        codes: Which kind each is; shape (m,).
    """

    rows: Integers
    due: Integers
    cost: Floats
    kinds: tuple[Contact, ...]
    codes: Integers

    @classmethod
    def read(cls, table: pa.Table) -> PlannedContacts:
        """Take a table with the columns of `CONTACTS`."""
        names = ("treatment", "step", "channel", "purpose")
        code = np.zeros(table.num_rows, dtype=np.int64)
        told = []
        for name in names:
            coded = pc.fill_null(table[name].cast(pa.string()), _NOBODY).combine_chunks().dictionary_encode()
            code = code * max(len(coded.dictionary), 1) + coded.indices.to_numpy()
            told.append((coded.indices.to_numpy(), coded.dictionary.to_pylist()))
        _, places, codes = np.unique(code, return_index=True, return_inverse=True)
        kinds = [[values[codes[place]] for codes, values in told] for place in places.tolist()]
        return cls(
            table["row"].to_numpy().astype(np.int64),
            table["due"].to_numpy().astype(np.int64),
            pc.fill_null(table["cost"].cast(pa.float64()), 0.0).to_numpy(),
            tuple(Contact(kind[0], int(kind[1]), kind[2], kind[3], 0, None, 1.0) for kind in kinds),
            codes.astype(np.int64),
        )

    def _which(self, fits: Iterable[bool]) -> Booleans:
        """Say which contacts are of the kinds that fit; shape (m,)."""
        return np.array(list(fits), dtype=np.bool_)[self.codes]

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments that there are contacts of."""
        return tuple(dict.fromkeys(kind.treatment for kind in self.kinds))

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that there are contacts by."""
        return tuple(dict.fromkeys(kind.channel for kind in self.kinds if kind.channel != _NOBODY))

    @property
    def first(self) -> Booleans:
        """Which contacts begin a treatment; shape (m,)."""
        return self._which(kind.step == 1 for kind in self.kinds)

    @property
    def reaching(self) -> Booleans:
        """Which contacts reach somebody: those by a channel; shape (m,)."""
        return self._which(kind.channel != _NOBODY for kind in self.kinds)

    def of(self, *treatments: str) -> Booleans:
        """Say which contacts are of these treatments; shape (m,)."""
        return self._which(kind.treatment in treatments for kind in self.kinds)

    def by(self, channel: str) -> Booleans:
        """Say which contacts are by a channel; shape (m,)."""
        return self._which(kind.channel == channel for kind in self.kinds)

    def by_time(self, places: Integers) -> Integers:
        """Put contacts in order by customer, instant and place."""
        return places[np.lexsort((places, self.due[places], self.rows[places]))]
