"""Whose messages can be made: nobody is planned to get one that lacks what it needs and would not be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.deciding import INCOMPLETE
from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.reckoning import Reckoned
from smalti.project import Prepared
from smalti.store import Store, quoted
from smalti.strategy.candidates import Codes
from smalti.strategy.messages import message_needs, plain
from smalti.strategy.peers import Booleans
from smalti.strategy.permits import BARS
from smalti.strategy.plan import Action
from smalti.strategy.treatments import Message


@dataclass(frozen=True, eq=False)
class Lacking:
    """Of whom a value is missing without which a message may be refused; rows are customers in ascending order.

    Attributes:
        store: Where the table of customers is.
        prepared: The project's definitions, made ready.
        reckoned: Everything as of the instant.
    """

    store: Store
    prepared: Prepared
    reckoned: Reckoned

    @cached_property
    def by_message(self) -> dict[str, Booleans]:
        """By message, who lacks anything that it needs as it is put to her; messages that need nothing are left out."""
        found: dict[str, Booleans] = {}
        for message in self.prepared.messages:
            lacks = np.zeros(self.reckoned.traits.num_rows, dtype=np.bool_)
            for part, needs in self._parts(message):
                for name in needs:
                    lacks[part] |= self._missing[name][part]
            if lacks.any():
                found[message.name] = lacks
        return found

    def barred(self, actions: Sequence[Action], why: Codes) -> tuple[Codes, tuple[str, ...]]:
        """Bar the actions any of whose messages cannot be made.

        Args:
            actions: The actions; A of them.
            why: Why each is not possible as yet, places in `BARS`; shape (n, A).

        Returns:
            The same with this bar where nothing else stood against it; and of how many customers it bars what, in sentences.
        """
        found = why.copy()
        hit: dict[str, Booleans] = {}
        asked: dict[str, Booleans] = {}
        for place, action in enumerate(actions):
            open_to = why[:, place] == 0
            for name in dict.fromkeys(one.message for one in action.contacts):
                lacks = self.by_message.get(name) if name is not None else None
                if name is None or lacks is None:
                    continue
                hit[name] = hit.get(name, False) | (open_to & lacks)
                asked[name] = asked.get(name, False) | open_to
                found[open_to & lacks, place] = _code()
        notes = [self._told(name, hit[name], int(asked[name].sum())) for name in sorted(hit) if hit[name].any()]
        return found, tuple(notes)

    def conditions(self, known: Mapping[tuple[str, int], Booleans]) -> dict[tuple[str, int], Booleans]:
        """Give the conditions of steps with this beside them: a step whose message cannot be made does not come.

        Args:
            known: By treatment and step that has a condition, of whom it is true; shape (n,).
        """
        found = dict(known)
        for treatment in self.prepared.treatments:
            for step in treatment.steps:
                lacks = self.by_message.get(step.message) if step.message is not None else None
                if lacks is not None:
                    key = (treatment.name, step.place)
                    found[key] = ~lacks & found.get(key, True)
        return found

    def _parts(self, message: Message) -> list[tuple[Booleans, list[str]]]:
        """Give to whom a message is put in the same way, and what it needs then: the first variant that fits is taken."""
        left = np.ones(self.reckoned.traits.num_rows, dtype=np.bool_)
        found = []
        for variant in message.definition.variants:
            members = self.reckoned.answers[variant.segment] if variant.segment in self._titles else ~left & left
            mine = left & np.asarray(members)
            found.append((mine, sorted(message_needs(message.definition, variant))))
            left = left & ~mine
        return [*found, (left, sorted(message_needs(message.definition)))]

    @cached_property
    def _titles(self) -> frozenset[str]:
        return frozenset(one.name for one in self.reckoned.segments)

    @cached_property
    def _missing(self) -> dict[str, Booleans]:
        """By name of a value, of whom it is missing, as a message sees it: blank text is missing, and what is no number."""
        parts = [part for one in self.prepared.messages for part in self._parts(one)]
        names = sorted({name for _, needs in parts for name in needs})
        if not names:
            return {}
        chosen = ", ".join(quoted(name) for name in names)
        table = self.store.read(f"SELECT {chosen} FROM {quoted(self.reckoned.computed.table)} ORDER BY customer_id")
        return {name: missing(table[name]) for name in names}

    def _told(self, name: str, lacks: Booleans, asked: int) -> str:
        message = next(one for one in self.prepared.messages if one.name == name)
        which = sorted(
            {
                need
                for part, needs in self._parts(message)
                for need in needs
                if (self._missing[need] & part & lacks).any()
            }
        )
        return (
            f"the message {name} cannot be made for {int(lacks.sum()):,} of the {asked:,} customers who might get it, so they "
            f"do not: {', '.join(which)} is not known of them, and its template says nothing in its place"
        )


def needs_of(actions: Sequence[Action], messages: Sequence[Message]) -> dict[str, list[str]]:
    """Give by action the names of what its messages may need, however they are put, sorted.

    Args:
        actions: The actions.
        messages: The messages that there are.
    """
    wordings = {
        one.name: [message_needs(one.definition, each) for each in (None, *one.definition.variants)] for one in messages
    }
    return {
        action.name: sorted(
            {name for one in action.contacts for needs in wordings.get(one.message or "", ()) for name in needs}
        )
        for action in actions
    }


def missing(column: pa.ChunkedArray) -> Booleans:
    r"""Say where a message would find nothing: no value, no number, or text in which nothing can be seen; shape (n,).

    >>> missing(pa.chunked_array([["Ann", " ", None, "\u200e"]])).tolist()
    [False, True, True, True]
    >>> missing(pa.chunked_array([[1.5, float("nan"), None]])).tolist()
    [False, True, True]
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        coded = column.combine_chunks().dictionary_encode()
        blank = np.array([not plain(text) for text in coded.dictionary.to_pylist()] + [True], dtype=np.bool_)
        place = np.asarray(pc.fill_null(coded.indices, len(blank) - 1).to_numpy(zero_copy_only=False), dtype=np.int64)
        return np.asarray(blank[place])
    if pa.types.is_floating(column.type):
        return ~np.isfinite(to_floats(column))
    return np.asarray(column.is_null())


def _code() -> int:
    return next(place for place, bar in enumerate(BARS) if bar.name == INCOMPLETE)
