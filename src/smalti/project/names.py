"""Names that stand in each other's way: two that differ in case alone, or one that a table of every run needs for itself.

The engine does not tell ``Gold`` from ``gold``, so no table can hold both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from smalti.errors import Problem
from smalti.strategy import VALUE_COLUMNS

_OF_EVERY_RUN = ("customer_id", "primary_strategy", "secondary_strategy", "primary_gain")
KEPT = dict.fromkeys(_OF_EVERY_RUN, "a column of every run") | dict.fromkeys(VALUE_COLUMNS, "a column of the value map")
"""Names of columns that no trait and no attribute may have, with what has them."""
MODELS = dict.fromkeys(("buying", "spend", "categories", "products"), "a model of every run")
"""Names under which a run tells of its own models, which no score may have, with what has them."""


def clashes(names: Iterable[str], others: Mapping[str, str], kept: Mapping[str, str]) -> Iterator[tuple[str, Problem]]:
    """Give the names that cannot stand, each with what is wrong with it.

    Args:
        names: The names to look at.
        others: Names they stand beside and may be the same as, since they then replace them, with what has them.
        kept: Names they must not be the same as, with what has them.

    >>> [str(problem) for _, problem in clashes(["Spend"], {"spend": "a standard trait"}, KEPT)]
    ["a standard trait has this name but for its case: found 'Spend', wanted 'spend' or another"]
    """
    taken = {name.casefold(): about for name, about in kept.items()}
    beside = {name.casefold(): (name, about) for name, about in others.items()}
    for name in names:
        folded = name.casefold()
        if not name.strip():
            yield name, Problem("a name is empty", name, "at least one character")
        elif name.startswith("_"):
            yield name, Problem("names with _ in front are the engine's own", name, "another", name.lstrip("_") or None)
        elif folded in taken:
            yield name, Problem(f"{taken[folded]} has this name", name, "another")
        elif folded in beside and beside[folded][0] != name:
            other, about = beside[folded]
            yield name, Problem(f"{about} has this name but for its case", name, f"'{other}' or another")
        beside.setdefault(folded, (name, "another"))
