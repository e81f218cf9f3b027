"""Many worlds as one: an engine that takes a second per query is asked about all of them at once.

The worlds are drawn without chance, so that every engine is asked the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from language_trees import ACCOUNT, CUSTOMERS, STRANGER
from language_worlds import World, fitted_in, out_of_reach, world

from smalti.facts import Instant
from smalti.rules import Name, Node, rebuild
from smalti.rules.nodes import Member

Kept = TypeVar("Kept")


def drawn_worlds(count: int) -> list[World]:
    """Give so many worlds or somewhat fewer, no two alike and the same ones each time."""
    found: dict[str, World] = {}

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(one=world())
    def collect(one: World) -> None:
        found.setdefault(repr(one), one)

    collect()
    return list(found.values())


def by_zone(worlds: Iterable[World]) -> dict[str, list[World]]:
    """Sort worlds by the zone of their calendar, which only worlds of one query must share."""
    found: dict[str, list[World]] = {}
    for one in worlds:
        found.setdefault(one.zone, []).append(one)
    return found


def merged(worlds: Sequence[World], at: Instant) -> World:
    """Make one world of many of one zone: all their customers are asked all their questions, as of one instant.

    What a world has named itself - customers, traits, segments, questions - has the world's number before it. Worlds with a
    value on the way that is larger than engines hold are left out.
    """
    now = [replace(one, at=at) for one in worlds]
    parts = [_numbered(number, one) for number, one in enumerate(now) if not out_of_reach(one, fitted_in(one))]
    return World(
        histories=_together(one.histories for one in parts),
        traits=_by_level(one.traits for one in parts),
        wanted=_together(one.wanted for one in parts),
        at=at,
        segments=_by_level(one.segments for one in parts),
        scores=_together(one.scores for one in parts),
        zone=worlds[0].zone,
    )


def _together(parts: Iterable[Mapping[str, Kept]]) -> dict[str, Kept]:
    return {name: kept for part in parts for name, kept in part.items()}


def _by_level(parts: Iterable[Sequence[Mapping[str, Kept]]]) -> tuple[dict[str, Kept], ...]:
    return tuple(_together(level) for level in zip_longest(*parts, fillvalue={}))


def _numbered(number: int, one: World) -> World:
    """Give a world with its number before all that it has named itself; the stranger is one and the same everywhere."""
    own = {name for level in (*one.traits, *one.segments) for name in level}

    def called(name: str) -> str:
        return f"w{number} {name}"

    def renamed(node: Node) -> Node:
        if isinstance(node, Name) and node.name in own:
            return replace(node, name=called(node.name))
        if isinstance(node, Member):
            return replace(node, segment=called(node.segment))
        return rebuild(node, renamed)

    def typed(trees: Mapping[str, tuple[Node, Any]]) -> dict[str, tuple[Node, Any]]:
        return {called(name): (renamed(node), kind) for name, (node, kind) in trees.items()}

    return replace(
        one,
        histories={
            name if name == STRANGER else called(name): {
                stream: [_moved(fact, called) for fact in facts] for stream, facts in streams.items()
            }
            for name, streams in one.histories.items()
        },
        traits=tuple(typed(level) for level in one.traits),
        wanted=typed(one.wanted),
        segments=tuple({called(name): renamed(rule) for name, rule in level.items()} for level in one.segments),
        scores={called(name): scores for name, scores in one.scores.items()},
    )


def _moved(fact: Mapping[str, Any], called: Any) -> Mapping[str, Any]:
    """Let a fact that names another customer name the same one in the numbered world."""
    return {**fact, ACCOUNT: called(fact[ACCOUNT])} if fact.get(ACCOUNT) in CUSTOMERS else fact
