"""What of a project's definitions rests on constants that are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smalti.rules import Member, Node, Quantile, names_in, walk
from smalti.segments import Segment
from smalti.traits import Trait


@dataclass(frozen=True)
class Cuts:
    """What of a project is fitted.

    Attributes:
        quantiles: The constants.
        traits: The traits that rest on constants, in order.
        segments: Names of the segments that do.
    """

    quantiles: tuple[Quantile, ...]
    traits: tuple[Trait, ...]
    segments: frozenset[str]


def cuts_of(traits: Sequence[Trait], segments: Sequence[Segment]) -> Cuts:
    """Find what of traits and segments rests on constants that were fitted, themselves or through others."""
    trees = {("trait", one.name): one.node for one in traits} | {("segment", one.name): one.node for one in segments}
    fitted: set[tuple[str, str]] = set()
    while True:
        more = {key for key, tree in trees.items() if _has_quantile(tree) or spoken_of(tree) & fitted}
        if more == fitted:
            break
        fitted = more
    found: dict[Quantile, None] = {}
    for key, tree in trees.items():
        if key in fitted:
            found |= dict.fromkeys(part for part in walk(tree) if isinstance(part, Quantile))
    own = tuple(one for one in traits if ("trait", one.name) in fitted)
    return Cuts(tuple(found), own, frozenset(name for kind, name in fitted if kind == "segment"))


def spoken_of(tree: Node) -> set[tuple[str, str]]:
    """Give the traits and segments a tree names, each with its kind."""
    members = {("segment", part.segment) for part in walk(tree) if isinstance(part, Member)}
    return members | {("trait", name) for name in names_in(tree)}


def _has_quantile(tree: Node) -> bool:
    return any(isinstance(part, Quantile) for part in walk(tree))
