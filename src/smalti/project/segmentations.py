"""The segmentations and channels of a project, checked against what they speak of; texts of fitted segments made ready."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from smalti.errors import DefinitionError, Problem, nearest
from smalti.facts import Type
from smalti.project.definition import Project
from smalti.project.places import Path_
from smalti.rules import Vocabulary, check, parse
from smalti.segments import Framework, Segment, SegmentationDefinition, SegmentDefinition

_Found: TypeAlias = Iterator[tuple[Problem, Path_, str]]
"""Problems, each with its path and what it is about."""
_TO_SPLIT_BY = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.BOOLEAN, Type.TEXT)
_TO_GROUP_BY = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.BOOLEAN)
_OUTCOMES = _TO_GROUP_BY


@dataclass(frozen=True)
class Known:
    """What segmentations may speak of.

    Attributes:
        project: The project.
        frameworks: The frameworks in use.
        segments: All segments that are written one by one or brought by frameworks.
        words: The names there are, with their types.
    """

    project: Project
    frameworks: Sequence[Framework]
    segments: Mapping[str, SegmentDefinition]
    words: Vocabulary

    @property
    def written(self) -> tuple[str, ...]:
        """The segmentations of the segments there are, in their order."""
        return tuple(dict.fromkeys(one.segmentation for one in self.segments.values()))

    def members(self, segmentations: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Give by segmentation the names of its segments; none of those that are still to be fitted."""
        return {
            name: tuple(segment for segment, one in self.segments.items() if one.segmentation == name)
            for name in segmentations
        }


def segment_of(words: Vocabulary, name: str, definition: SegmentDefinition) -> Segment:
    """Make a segment ready whose rule was fitted.

    Args:
        words: What the rule may speak of.
        name: The segment's name.
        definition: The segment, its rule as text.

    Raises:
        DefinitionError: The rule is wrong.

    >>> from smalti.facts import Currency
    >>> words = Vocabulary({}, {"spend": Type.MONEY}, Currency("GBP"))
    >>> segment_of(words, "best", SegmentDefinition(who="spend > 5")).title
    'Best'
    """
    written = parse(definition.who)
    checked = check(written, words, wanted=Type.BOOLEAN)
    if checked.problems:
        raise DefinitionError(problem.of(f"segment {name}") for problem in checked.problems)
    return Segment(name, definition, checked.node, written)


def described(known: Known) -> dict[str, SegmentationDefinition]:
    """Give all segmentations: the frameworks', those of written segments, the fitted ones, each after those it crosses."""
    own = dict(known.project.segmentations)
    of_framework = {one.name: _of_framework(one) for one in known.frameworks if one.segments}
    found = {name: of_framework.get(name) or own.get(name) or SegmentationDefinition() for name in known.written}
    waiting = {name: set(one.cross or ()) & own.keys() for name, one in own.items() if one.way is not None}
    waiting = {name: {other for other in needs if other in waiting} for name, needs in waiting.items()}
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys()] or list(waiting)
        found |= {name: own[name] for name in ready}
        waiting = {name: needs for name, needs in waiting.items() if name not in found}
    return found


def _of_framework(one: Framework) -> SegmentationDefinition:
    return SegmentationDefinition.model_validate({"about": one.about, "kind": one.kind, "exclusive": True})


def wrong_segmentations(known: Known) -> _Found:
    """Find what is wrong with the segmentations."""
    own = dict(known.project.segmentations)
    taken = {one.name: "a framework" for one in known.frameworks}
    described_by_hand = {one.segmentation for _, one in known.project.segments}
    for name, one in own.items():
        path, subject = ("segmentations", name), f"segmentation {name}"
        if name in taken:
            yield Problem(f"{taken[name]} has this name", name, "another"), (*path, "key"), subject
        elif one.way is not None and name in described_by_hand:
            problem = Problem("segments that are written one by one have this segmentation", name, "another name")
            yield problem, (*path, "key"), subject
        elif one.way is None and name not in described_by_hand:
            wanted = "one that a segment names under segmentation:, or one with cross, split or group"
            near = nearest(name, described_by_hand)
            yield Problem("a segmentation without segments", name, wanted, near), (*path, "key"), subject
        yield from _wrong_cross(known, name, one)
        yield from _wrong_split(known, name, one)
        for at, trait in enumerate(one.group or ()):
            yield from _wrong_column(known, trait, _TO_GROUP_BY, "group by", (*path, "group", at), subject)
    for name, segment in known.project.segments:
        if segment.parent is not None and (segment.parent not in known.segments or segment.parent == name):
            others = {one: title for one, title in known.segments.items() if one != name}
            yield _unknown("segment", segment.parent, others), ("segments", name, "parent"), f"segment {name}"


def _wrong_cross(known: Known, name: str, one: SegmentationDefinition) -> _Found:
    own, subject = dict(known.project.segmentations), f"segmentation {name}"
    there = dict.fromkeys([*known.written, *(other for other, that in own.items() if that.way is not None)])
    there.pop(name, None)
    for at, crossed in enumerate(one.cross or ()):
        path: Path_ = ("segmentations", name, "cross", at)
        if crossed == name:
            yield Problem("a segmentation crossed with itself", name, "others"), path, subject
        elif crossed not in there and crossed not in known.segments:
            wanted = "a segmentation, one of " + ", ".join(there) + ", or a segment"
            near = nearest(crossed, [*there, *known.segments])
            yield Problem("nothing of this name to cross", crossed, wanted, near), path, subject
        elif crossed in own and _reaches(own, crossed, name):
            problem = Problem("segmentations that cross each other in a circle", f"{name} -> {crossed}", "none")
            yield problem, path, subject


def _reaches(own: Mapping[str, SegmentationDefinition], start: str, goal: str) -> bool:
    seen: set[str] = set()
    edge = {start}
    while edge:
        seen |= edge
        edge = {after for name in edge for after in own[name].cross or () if after in own} - seen
    return any(goal in (own[name].cross or ()) for name in seen)


def _wrong_split(known: Known, name: str, one: SegmentationDefinition) -> _Found:
    path, subject = ("segmentations", name), f"segmentation {name}"
    if one.split is None:
        return
    if one.split not in known.segments:
        yield _unknown("segment", one.split, known.segments), (*path, "split"), subject
    for at, trait in enumerate(one.by or ()):
        yield from _wrong_column(known, trait, _TO_SPLIT_BY, "split by", (*path, "by", at), subject)
        if trait == one.outcome:
            yield Problem("split by its own outcome", trait, "other traits"), (*path, "by", at), subject
    if one.outcome is not None:
        yield from _wrong_column(known, one.outcome, _OUTCOMES, "take for an outcome", (*path, "outcome"), subject)


def _wrong_column(known: Known, name: str, kinds: Collection[Type], use: str, path: Path_, subject: str) -> _Found:
    names = known.words.names
    if name not in names:
        yield Problem("unknown name", name, "a trait, attribute or value", nearest(name, names)), path, subject
        return
    kind = names[name]
    if kind is not None and kind not in kinds:
        wanted = "one of " + ", ".join(kinds)
        yield Problem(f"a type that one cannot {use}", f"{name} ({kind})", wanted), path, subject


def wrong_channels(known: Known) -> _Found:
    """Find what is wrong with the channels but for their consent, which is a rule and checked as one."""
    attributes, channels = known.words.attributes, dict(known.project.channels)
    for name, one in channels.items():
        if one.address not in attributes:
            path: Path_ = ("channels", name, "address")
            yield _unknown("attribute", one.address, attributes.names), path, f"channel {name}"
    for name, segment in known.project.segments if channels else ():
        for at, channel in enumerate(segment.channels):
            if channel not in channels:
                yield _unknown("channel", channel, channels), ("segments", name, "channels", at), f"segment {name}"


def _unknown(what: str, name: str, there: Collection[str]) -> Problem:
    wanted = f"one of {', '.join(there)}" if there else f"{what}s, and there are none"
    return Problem(f"unknown {what}", name, wanted, nearest(name, there))
