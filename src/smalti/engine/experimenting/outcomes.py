"""What came after each exposure, for as long as the experiment says and not a microsecond longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.given import Facts
from smalti.experiments.logged import Floats, Integers
from smalti.facts import CUSTOMERS, Type
from smalti.project import Measured, Trial
from smalti.rules import Aggregate, Name, Node, Now
from smalti.rules.nodes import During, rebuild
from smalti.store import Store, quoted
from smalti.traits import Computed, Trait, compute

_EXPOSED, _FROM, _UNTIL = "_exposed", "_exposed_from", "_exposed_until"


def after_exposure(node: Node) -> Node:
    """Let a tree see what happens within the window after each customer's own exposure, as of the window's end.

    Args:
        node: The tree, made ready; its aggregates have no window, or one as long as the experiment's.
    """
    node = rebuild(node, after_exposure)
    if isinstance(node, Now):
        return Name(_UNTIL)
    if not isinstance(node, Aggregate) or node.stream == CUSTOMERS.name:
        return node
    return replace(node, window=During(Name(_FROM), Name(_UNTIL)))


def what_came(store: Store, facts: Facts, trial: Trial, customers: pa.Array, at: Integers) -> Mapping[str, Floats]:
    """Ask the facts what came of each exposure.

    Args:
        store: Where the facts are.
        facts: The facts and the project.
        trial: The experiment.
        customers: The customers, ascending; shape (n,).
        at: When each was exposed, her window having passed by the run's as-of instant; shape (n,).

    Returns:
        By outcome, in the same order, 1 where a condition came true and 0 where not, money in minor units; NaN where an
        amount is unknown, such as a mean of nothing.
    """
    length = trial.definition.window
    store.put(_EXPOSED, pa.table({"customer_id": customers, _FROM: pa.array(at + 1), _UNTIL: pa.array(at + length)}))
    known = Computed(_EXPOSED, {_FROM: Type.INSTANT, _UNTIL: Type.INSTANT}, {})
    wanted = [
        Trait(f"_came_{place}", one.kind, after_exposure(one.node), one.name)
        for place, one in enumerate(trial.outcomes)
    ]
    until = int(at.max()) + length
    found = compute(store, facts.loaded.streams, wanted, (), until, f"{_EXPOSED}_came", known=known)
    table = store.read(f"SELECT * FROM {quoted(found.table)} ORDER BY customer_id")
    store.drop(found.table)
    store.drop(_EXPOSED)
    return {one.name: _floats(table[trait.name], one) for one, trait in zip(trial.outcomes, wanted, strict=True)}


def _floats(column: pa.ChunkedArray, outcome: Measured) -> Floats:
    column = pc.cast(column, pa.int8()) if outcome.kind is Type.BOOLEAN else column
    unknown = 0.0 if outcome.kind is Type.BOOLEAN else np.nan
    return np.asarray(pc.cast(column, pa.float64()).fill_null(unknown).to_numpy(), dtype=np.float64)
