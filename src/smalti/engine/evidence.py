"""What a segmentation is tested by: some customers, as of now and of earlier instants, and what they did in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.foresight.training import since
from smalti.engine.reckoning import Facts, Reckoned, reckon_as_of
from smalti.engine.settling import settled
from smalti.errors import RunError
from smalti.facts import FOREVER_AGO, ORDERS, RETURNS, Type
from smalti.project import prepare
from smalti.rules import Node, check, parse
from smalti.store import Store, quoted
from smalti.strategy.peers import Floats
from smalti.traits import Computed, Trait, compute

DAY = 86_400_000_000
RECENT_DAYS = 28
"""Days before the as-of instant at which membership is looked at once more, to see how long people stay."""
LONGEST_DAYS = 365
_SHORTEST_DAYS = 14
_SPENT = "sum(orders.revenue)"
_KEPT = "sum(orders.revenue) - sum(returns.refund)"


@dataclass(frozen=True)
class Past:
    """The same customers at an earlier instant, and what they did after it.

    Attributes:
        reckoned: Everything as of that instant.
        days: How many days before now it is.
        outcome: What each of its customers did since; None where nothing was asked for, or there is nothing to ask of.
    """

    reckoned: Reckoned
    days: float
    outcome: Floats | None


@dataclass(frozen=True)
class Looked:
    """The customers looked at.

    Attributes:
        store: Where they are.
        now: Everything as of now.
        past: The earlier instants, the earliest first; the outcome is that of the first.
        customers: How many customers there are.
        outcome: What the outcome is, in the language; None where there is none.
    """

    store: Store
    now: Reckoned
    past: tuple[Past, ...]
    customers: int
    outcome: str | None


@contextmanager
def look(store: Store, facts: Facts) -> Iterator[Looked]:
    """Reckon everything about some customers, as of now and of earlier instants, in a store that goes when it is done with.

    Args:
        store: Where the facts are; nothing in it is changed.
        facts: The facts and the project.

    Raises:
        RunError: There is no customer yet.
    """
    settings = facts.project.quality
    written, outcome = _outcome(facts)
    with Store() as sampled:
        customers = _sample(store, sampled, facts, settings.customers)
        past: list[Past] = []
        for days in _instants(sampled, facts):
            try:
                then = reckon_as_of(
                    sampled, _of_then(sampled, facts, days), facts.at - days * DAY, label=f"_{days}", keep_facts=True
                )
            except RunError:
                continue
            wanted = outcome if not past else None
            past.append(Past(then, days, _happened(sampled, facts, then, wanted) if wanted is not None else None))
        now = reckon_as_of(sampled, facts, facts.at, keep_facts=True)
        yield Looked(sampled, now, tuple(past), customers, written if past else None)


def _outcome(facts: Facts) -> tuple[str | None, Node | None]:
    """Give the outcome as it is written, and made ready."""
    if facts.prepared.outcome is not None:
        return facts.project.quality.outcome, facts.prepared.outcome
    streams = facts.loaded.streams
    standard = None if ORDERS.name not in streams else _KEPT if RETURNS.name in streams else _SPENT
    return standard, None if standard is None else check(parse(standard), facts.prepared.words).node


def _of_then(store: Store, facts: Facts, days: int) -> Facts:
    """Give the project as it would have been settled then: what its frameworks take from the facts, from those of then."""
    streams = facts.loaded.streams
    project = settled(store, facts.written, streams, facts.at - days * DAY)
    return facts if project == facts.project else replace(facts, project=project, prepared=prepare(project, streams))


def _happened(store: Store, facts: Facts, then: Reckoned, outcome: Node) -> Floats:
    """Give the outcome of the customers of then, seen from then to now."""
    trait = Trait("_outcome", Type.NUMBER, since(outcome, then.at, facts.at - then.at), "outcome")
    known = Computed(then.computed.table, {}, {})
    found = compute(store, facts.loaded.streams, [trait], (), facts.at, "_outcomes", known=known)
    table = store.read(f"SELECT * FROM {quoted(found.table)} ORDER BY customer_id")
    return to_floats(table["_outcome"])


def _instants(store: Store, facts: Facts) -> list[int]:
    """Give the earlier instants in whole days before now: the one from which the outcome is seen, and a recent one."""
    timed = [
        store.read(f'SELECT min("at") AS earliest FROM {quoted(name)} WHERE "at" > {FOREVER_AGO}')["earliest"][
            0
        ].as_py()
        for name in facts.loaded.streams
    ]
    first = min((at for at in timed if at is not None), default=facts.at)
    history = (facts.at - first) // DAY
    days = facts.project.quality.horizon_days or min(LONGEST_DAYS, history // 2)
    return [] if days < _SHORTEST_DAYS or days >= history else [days, *([RECENT_DAYS] if days > RECENT_DAYS else [])]


def _sample(store: Store, sampled: Store, facts: Facts, most: int) -> int:
    """Copy the facts of some customers, drawn by a hash of their ids, into a store of their own; give how many there are.

    Where customers belong to accounts nobody is left out, since an account is asked about all of its people.
    """
    names = list(facts.loaded.streams)
    everyone = " UNION ".join(f'SELECT customer_id FROM {quoted(name)} WHERE "at" <= {facts.at}' for name in names)
    customers: int = store.read(f"SELECT count(*) AS n FROM ({everyone})")["n"][0].as_py()
    whole = customers <= most or facts.project.account is not None
    drawn = f"SELECT customer_id FROM ({everyone}) ORDER BY md5('{facts.project.seed}' || customer_id) LIMIT {most}"
    if not whole:
        store.create("_looked_at", drawn)
    for name in names:
        chosen = "" if whole else " WHERE customer_id IN (SELECT customer_id FROM _looked_at)"
        sampled.put(name, store.read(f"SELECT * FROM {quoted(name)}{chosen}"))
    store.drop("_looked_at")
    return customers
