"""How the definitions of two projects differ, and which definitions rest on those that do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from smalti.errors import DefinitionError
from smalti.project import Prepared, Project, said
from smalti.report import Redefinition
from smalti.rules import Member, Node, Score, names_in, parse, walk
from smalti.segments import Segment
from smalti.strategy import PLAYBOOK, VALUE_COLUMNS, StrategyDefinition

_WORDS = frozenset({"title", "about", "why", "owner", "because", "by", "kind"})
"""Parts that are told, and from which nothing is reckoned."""
_RULES = {("traits", "value"), ("segments", "who"), ("playbook", "eligible"), ("playbook", "headroom")}
_RULES |= {("scores", "predict"), ("scores", "customers")}
"""Parts that are written in the language: how they are laid out does not matter."""
_FIRST = {"traits": "value", "segments": "who", "sources": "files", "playbook": "eligible", "scores": "predict"}
"""The part by which a whole definition is told."""
Key: TypeAlias = tuple[str, str]
"""The kind and the name of a definition: a trait, a score, a segment, a segmentation, a strategy or an assumption."""


def redefinitions(before: Project, after: Project) -> tuple[Redefinition, ...]:
    """Tell how the definitions differ, part by part, in the order of the new ones; what is gone comes last.

    Strategies are compared as they are used: what a project does not say is as in the standard playbook.

    >>> old = Project(segments={"quiet": {"who": "days_since_order > 90", "why": "gone"}})
    >>> new = Project(segments={"quiet": {"who": "days_since_order > 60", "why": "gone"}})
    >>> [(one.name, one.part, one.before, one.after) for one in redefinitions(old, new)]
    [('quiet', 'who', 'days_since_order > 90', 'days_since_order > 60')]
    """
    then, now = _settings(before), _settings(after)
    order = [name for name in Project.model_fields if name in then or name in now]
    found: list[Redefinition] = []
    for section in order:
        old, new = then.get(section), now.get(section)
        if isinstance(old or new, Mapping) and isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping):
            found += _section(section, old or {}, new or {})
        elif old != new:
            found.append(Redefinition("settings", section, "is", _text(old), _text(new), section != "name"))
    return tuple(found)


def _settings(project: Project) -> dict[str, Any]:
    dumped = project.model_dump(mode="json")
    settings = said(dumped)
    settings["assumptions"] = dumped["assumptions"]
    settings["playbook"] = {name: _strategy(name, change) for name, change in settings.get("playbook", {}).items()}
    return settings


def _strategy(name: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """Give a strategy as it is used, or nothing but that it is left out."""
    if change.get("off"):
        return {"off": True}
    standard = PLAYBOOK[name].model_dump(mode="json") if name in PLAYBOOK else {}
    return said(standard | {part: value for part, value in change.items() if value is not None}, StrategyDefinition)


def _section(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Redefinition]:
    for name in [*new, *(name for name in old if name not in new)]:
        then, now = _definition(section, name, old), _definition(section, name, new)
        if then == now:
            continue
        if section == "assumptions" or not isinstance(then, Mapping) or not isinstance(now, Mapping):
            part = "is" if section == "assumptions" else ""
            yield Redefinition(section, name, part, _whole(section, then), _whole(section, now))
            continue
        for part in [*now, *(part for part in then if part not in now)]:
            if then.get(part) != now.get(part):
                texts = _text(then.get(part)), _text(now.get(part))
                yield Redefinition(section, name, part, *texts, matters=_matters(section, part, *texts))


def _definition(section: str, name: str, definitions: Mapping[str, Any]) -> Any:
    """Give a definition; of a strategy of the standard playbook that is not spoken of, the standard one."""
    found = definitions.get(name)
    if section != "playbook":
        return found
    if found is None and name in PLAYBOOK:
        return _strategy(name, {})
    return None if found == {"off": True} else found


def _matters(section: str, part: str, before: str | None, after: str | None) -> bool:
    if (section, part) in _RULES and before is not None and after is not None:
        try:
            return parse(before) != parse(after)
        except DefinitionError:
            return True
    return part not in _WORDS


def _whole(section: str, value: Any) -> str | None:
    first = _FIRST.get(section)
    return _text(value[first] if isinstance(value, Mapping) and first in value else value)


def _text(value: Any) -> str | None:
    """Write a value of the definitions in a line."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.keys() == {"fixed", "share"}:
            return str(value["fixed"]) if value["fixed"] is not None else f"{value['share'] * 100:.12g} %"
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items() if one not in (None, "", []))
    if isinstance(value, list):
        pairs = all(isinstance(one, list) and len(one) == 2 for one in value)
        return ", ".join(f"{one[0]}: {_text(one[1])}" if pairs else str(_text(one)) for one in value)
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


class Grounds:
    """What every definition rests on: trees by key, the assumptions beneath the value map, fitted segmentations."""

    def __init__(self, prepared: Prepared, segments: Sequence[Segment], project: Project) -> None:
        self.trees: dict[Key, tuple[object, ...]] = {("trait", one.name): (one.node,) for one in prepared.traits}
        self.trees |= {("segment", one.name): (one.node,) for one in (*prepared.segments, *segments)}
        self.trees |= {
            ("strategy", one.name): (
                one.eligible,
                one.headroom,
                one.definition.cost,
                one.definition.success.rate,
                one.definition.success.strength,
                one.definition.mechanism,
            )
            for one in prepared.strategies
        }
        self.trees |= {
            ("score", one.name): (one.outcome, one.customers, one.definition.model_copy(update={"title": None}))
            for one in prepared.scores
        }
        self._scores = {column: one for one in prepared.scores for column in one.types}
        assumptions = project.assumptions
        self.trees |= {("assumption", name): (getattr(assumptions, name),) for name in assumptions.fields()}
        untold = {"title": None, "about": ""}
        self.trees |= {
            ("segmentation", name): (one.model_copy(update=untold),)
            for name, one in project.segmentations
            if one.way is not None
        }
        self._of = {one.name: one.definition.segmentation for one in segments}

    def changed(self, before: Grounds) -> frozenset[Key]:
        """Give the definitions that are not what they were, or were not there."""
        return frozenset(key for key, tree in self.trees.items() if before.trees.get(key) != tree)

    def rests_on(self, key: Key, changed: frozenset[Key]) -> tuple[str, ...]:
        """Give the changed definitions that one rests on, itself first; the value map rests on all assumptions."""
        seen, edge = {key}, [key]
        while edge:
            following = [need for one in edge for need in self._needs(one) if need not in seen]
            edge = list(dict.fromkeys(following))
            seen |= set(edge)
        found = sorted(seen & changed, key=lambda one: (one != key, one))
        return tuple(f"{kind} {name}" for kind, name in found)

    def _needs(self, key: Key) -> Iterator[Key]:
        if key[0] == "score" and key[1] in self._scores:
            one = self._scores[key[1]]
            yield from (("trait", name) for name in one.inputs)
            yield from (("segment", like) for like in (one.definition.like,) if like is not None)
        if key[0] == "segment" and key[1] in self._of:
            yield ("segmentation", self._of[key[1]])
        for tree in self.trees.get(key, ()):
            if isinstance(tree, Node):
                yield from (("segment", part.segment) for part in walk(tree) if isinstance(part, Member))
                names = names_in(tree) | {part.name for part in walk(tree) if isinstance(part, Score)}
                yield from (("trait", name) for name in names - self._scores.keys())
                yield from (("score", self._scores[name].name) for name in sorted(names & self._scores.keys()))
                if names & VALUE_COLUMNS.keys():
                    yield from (one for one in self.trees if one[0] == "assumption")
