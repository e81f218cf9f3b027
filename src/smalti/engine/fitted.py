"""Segmentations that are fitted to the customers as of an instant: crossed, split, grouped; given back as rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.discovery import columns_of, find_groups, grouping, measures_of, scaled, unknown
from smalti.errors import ModelError, RunError
from smalti.facts import Currency, Type
from smalti.project import Prepared
from smalti.rules import Member, Words, write
from smalti.rules.possible import range_of
from smalti.segments import (
    Criterion,
    Dimension,
    Segment,
    SegmentationDefinition,
    SegmentDefinition,
    Splitting,
    Trial,
    cross,
    split,
)
from smalti.segments.quality.stability import choose_number, stability

MOST_ANSWERS = 1_000_000_000
"""How many answers, customers times segments, a crossing may need: more does not fit into memory."""
_DEPTH = 2
_PAIRS, _LOOKED_AT = 20, 1_000
"""How often, and on how many customers, each number of groups is tried to choose the stable one."""


@dataclass(frozen=True)
class Fit:
    """What a fit gives: segments by name, and what it has to tell.

    Attributes:
        segments: The segments, their rules as text.
        notes: What a reader should know, in sentences.
    """

    segments: Mapping[str, SegmentDefinition]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Ground:
    """What segmentations are fitted on.

    Attributes:
        prepared: The project.
        segments: The segments there are by now.
        answers: ``customer_id`` and a boolean column per segment.
        column: Gives a trait, attribute or value in working form, in the order of the customers.
        seed: The project's seed.
    """

    prepared: Prepared
    segments: Sequence[Segment]
    answers: pa.Table
    column: Callable[[str], pa.ChunkedArray]
    seed: int

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.answers.num_rows)

    def member(self, name: str) -> npt.NDArray[np.bool_]:
        """Who is in a segment."""
        return np.asarray(self.answers[name])

    def currency(self, name: str) -> Currency:
        """The currency of a column of money."""
        words = self.prepared.words
        return Currency(words.currencies.get(name, words.currency.code))

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers, money in minor units, true as 1; NaN where missing."""
        return np.asarray(pc.cast(self.column(name), pa.float64()).fill_null(np.nan).to_numpy(), dtype=np.float64)

    def named(self, wanted: Sequence[str], segmentation: str) -> list[str]:
        """Give segments names that nothing else has: those wanted, else with the segmentation's in front, else numbered."""
        others = {
            name.casefold() for name in (*self.prepared.types, *(one.name for one in self.segments), "customer_id")
        }
        found: dict[str, str] = {}
        for name in wanted:
            plain = name if name.casefold() not in others else f"{segmentation}_{name}"
            tries = (plain if number == 1 else f"{plain}_{number}" for number in count(1))
            free = next(one for one in tries if one.casefold() not in others and one.casefold() not in found)
            found[free.casefold()] = free
        return list(found.values())


def fit(name: str, definition: SegmentationDefinition, ground: Ground) -> Fit:
    """Fit a segmentation. One that cannot be fitted to these customers gives no segment, and says why.

    Raises:
        RunError: It would have more segments than can be told apart.
    """
    way = {"cross": _crossed, "split": _split, "group": _grouped}[definition.way or "cross"]
    try:
        return way(name, definition, ground)
    except ModelError as error:
        return Fit({}, (f"{name} could not be fitted: {error}",))


def _crossed(name: str, definition: SegmentationDefinition, ground: Ground) -> Fit:
    dimensions = [_dimension(one, ground) for one in definition.cross or ()]
    lacking = [one.name for one in dimensions if not one.parts]
    if lacking:
        return Fit({}, (f"{name} could not be fitted: there is no segment of {', '.join(lacking)}",))
    try:
        found = cross(dimensions, definition.smallest(ground.customers))
    except ModelError as error:
        raise RunError(f"segmentation {name}: {error}") from None
    if len(found.cells) * ground.customers > MOST_ANSWERS:
        raise RunError(
            f"segmentation {name}: {len(found.cells):,} segments of {ground.customers:,} customers are more than can be "
            f"answered, {MOST_ANSWERS:,} at most; say a larger at_least"
        )
    kinds = {one.definition.kind for one in ground.segments if _is_of(one, definition.cross or ())}
    kind = definition.kind or (kinds.pop() if len(kinds) == 1 else None)
    names = ground.named([cell.name for cell in found.cells], name)
    segments = {
        called: SegmentDefinition(who=cell.rule, title=cell.title, why=cell.why, segmentation=name, kind=kind)
        for called, cell in zip(names, found.cells, strict=True)
    }
    overlapping = [one.name for one in dimensions if (one.member.sum(axis=0) > 1).any()]
    note = f"{name}: some customers are in several of its segments, as they are of {', '.join(overlapping)}"
    return Fit(segments, (note,) if overlapping and definition.exclusive is not False else ())


def _is_of(segment: Segment, names: Sequence[str]) -> bool:
    return segment.name in names or segment.definition.segmentation in names


def _dimension(name: str, ground: Ground) -> Dimension:
    """Give a segmentation to cross, with a part for the rest unless it leaves out nobody, today and later, whoever comes."""
    mine = [one for one in ground.segments if one.definition.segmentation == name]
    alone = name not in ground.prepared.segmentations
    mine = [one for one in ground.segments if one.name == name] if alone else mine
    members = [ground.member(one.name) for one in mine]
    rules = [write(Member(one.name)) for one in mine]
    parts, titles = [one.name for one in mine], [one.title for one in mine]
    if mine and (alone or not _covers(name, ground)):
        members.append(~np.any(members, axis=0))
        rules.append(f"not {rules[0]}" if len(rules) == 1 else f"not ({' or '.join(rules)})")
        called = mine[0].title if alone else ground.prepared.segmentations[name].called(name)
        parts.append(f"not_{name}" if alone else f"no_{name}")
        titles.append(f"Not {called[:1].lower()}{called[1:]}" if alone else f"None of {called}")
    member = np.array(members, dtype=np.bool_).reshape(len(members), ground.customers)
    return Dimension(name, tuple(parts), tuple(titles), tuple(rules), member)


def _covers(name: str, ground: Ground) -> bool:
    """Whether everybody is in a segment of it, whatever becomes of her: standard frameworks and crossings are made so."""
    return (
        name in {one.name for one in ground.prepared.frameworks} or ground.prepared.segmentations[name].way == "cross"
    )


def _split(name: str, definition: SegmentationDefinition, ground: Ground) -> Fit:
    parent = next(one for one in ground.segments if one.name == definition.split)
    outcome = str(definition.outcome)
    at_least, member = definition.smallest(ground.customers), ground.member(parent.name)
    found = split(
        member,
        ground.numbers(outcome),
        [_criterion(one, ground) for one in definition.by or ()],
        at_least=at_least,
        depth=definition.depth or _DEPTH,
        seed=(ground.seed, crc32(name.encode())),
    )
    notes = _trials(name, parent, outcome, found, ground)
    if not found.trials:
        size = int(member.sum())
        notes = (f"{name}: {parent.title} has {size:,} members and is split from {2 * at_least:,} on",)
    if len(found.niches) == 1:
        return Fit({}, notes)
    names = ground.named([f"{parent.name}_{niche.name}" for niche in found.niches], name)
    inherited = {one: getattr(parent.definition, one) for one in ("owner", "strategy", "channels")}
    kind, outer = definition.kind or parent.definition.kind, write(Member(parent.name))
    segments = {
        called: SegmentDefinition(
            who=f"{outer} and {niche.rule}",
            title=f"{parent.title} > {niche.title}",
            why=parent.definition.why,
            segmentation=name,
            kind=kind,
            parent=parent.name,
            **inherited,
        )
        for called, niche in zip(names, found.niches, strict=True)
    }
    return Fit(segments, notes)


def _trials(name: str, parent: Segment, outcome: str, found: Splitting, ground: Ground) -> tuple[str, ...]:
    return tuple(f"{name}: {_told(trial, parent, outcome, ground)}" for trial in found.trials)


def _told(trial: Trial, parent: Segment, outcome: str, ground: Ground) -> str:
    part = " > ".join([parent.title, *(side.title for side in trial.sides)])
    if trial.cut is None:
        return f"{part} is not split, as no cut leaves two parts of sufficient size"
    kind, said = ground.prepared.types[outcome], _said(outcome, ground)
    inside, outside = (said(round(one) if kind is Type.MONEY else one) for one in (trial.inside, trial.outside))
    means = f"the mean of {ground.prepared.titles.get(outcome, outcome)} is {inside} there and {outside} elsewhere"
    chance = f"p = {trial.p_value:.2g}, {'within' if trial.split else 'above'} {trial.level:.2g}"
    what = "is split at" if trial.split else "is not split: the best cut was"
    return f"{part} {what} {trial.cut.title}; {means} ({chance})"


def _said(name: str, ground: Ground) -> Callable[[float], str]:
    kind = ground.prepared.types[name]
    if name.endswith("_share") or name.startswith("p_"):
        return lambda value: f"{value * 100:.3g} %"
    words = Words(ground.currency(name))
    if kind is Type.MONEY:
        return lambda value: words.value(round(value), kind)
    return lambda value: words.value(int(value) if float(value).is_integer() else float(value))


def _criterion(name: str, ground: Ground) -> Criterion:
    kind = ground.prepared.types[name]
    title, said, places = ground.prepared.titles.get(name, name.replace("_", " ")), _said(name, ground), 2
    always = any(one.name == name and not range_of(one.node).missing for one in ground.prepared.traits)
    if kind is Type.TEXT:
        coded = ground.column(name).combine_chunks().dictionary_encode()
        words = coded.dictionary.to_pylist()
        order = sorted(range(len(words)), key=lambda place: words[place])
        places_of = np.empty(len(words), dtype=np.float64)
        places_of[order] = np.arange(len(words))
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        values = np.where(codes < 0, np.nan, places_of[codes] if len(words) else np.nan)
        return Criterion(name, title, kind, values, tuple(words[place] for place in order), said=said, always=always)
    if kind is Type.MONEY:
        places = ground.currency(name).places
    return Criterion(name, title, kind, ground.numbers(name), places=places, said=said, always=always)


def _grouped(name: str, definition: SegmentationDefinition, ground: Ground) -> Fit:
    kinds = {one: ground.prepared.types[one] for one in definition.group or ()}
    values = {one: ground.numbers(one) for one in kinds}
    for one, kind in kinds.items():
        if kind is Type.MONEY:
            values[one] = values[one] / 10 ** ground.currency(one).places
    least, most = definition.into or (2, 2)
    seed = (ground.seed + crc32(name.encode())) % 2**32
    number, notes = (least, ()) if least == most else _number(name, values, kinds, (least, most), seed)
    found = find_groups(values, number, kinds, seed=seed)
    texts = found.texts()
    segments = {
        called: SegmentDefinition(who=text, title=_spoken(one, kinds, ground), segmentation=name, kind=definition.kind)
        for called, (one, text) in zip(ground.named(list(texts), name), texts.items(), strict=True)
    }
    return Fit(segments, tuple(notes))


def _spoken(name: str, traits: Iterable[str], ground: Ground) -> str:
    """Say the name of a group with its traits called as people call them."""
    for trait in sorted(traits, key=len, reverse=True):
        name = name.replace(trait, f"{ground.prepared.titles.get(trait, trait)}, ")
    told = " ".join(name.replace("_", " ").replace(" ,", ",").split()).rstrip(", ")
    return told[:1].upper() + told[1:]


def _number(
    name: str,
    values: Mapping[str, npt.NDArray[np.float64]],
    kinds: Mapping[str, Type],
    between: tuple[int, int],
    seed: int,
) -> tuple[int, tuple[str, ...]]:
    """Choose the number of groups by stability; where none is stable, the number whose refits agree best, and say so."""
    measures = measures_of(values, kinds)
    columns = columns_of(measures, values)
    table = scaled(measures, columns[~unknown(measures, columns)])
    sizes = range(between[0], between[1] + 1)
    found = stability(table, grouping("spread", 3), sizes, pairs=_PAIRS, at_most=_LOOKED_AT, seed=seed)
    choice = choose_number(found)
    if choice.size is not None:
        return choice.size, (f"{name}: {choice.reason}",)
    best = found.sizes[int(np.argmax(found.medians))]
    return best, (f"{name}: {choice.reason} Those of {best} groups agree best, and are given for want of better.",)
