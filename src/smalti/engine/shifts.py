"""Two reckonings of the same customers side by side: who enters, who leaves, and what that comes to. Arrays in, counts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.reckoning import Facts, Reckoned
from smalti.engine.redefined import Grounds, Key
from smalti.facts import Type
from smalti.report import ChannelShift, Contacts, Flow, Move, SegmentChange, StrategyShift, Worth, flows
from smalti.rules import Quantile, Words, sentence, write
from smalti.segments import UNGROUPED, Segment, membership
from smalti.strategy import DO_NOT_TARGET, LEAVE_ALONE, Total, totals

EXAMPLES = 5
"""How many customers are named of those who enter or leave a segment."""
NOBODY = -1
"""The strategy of who is no customer."""
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """What one set of definitions makes of the customers, who are in ascending order of their ids.

    Attributes:
        ids: The customers.
        segments: The segments.
        answers: ``customer_id`` and a boolean column per segment.
        members: Who is in which, by the segment's name.
        worth: Value now and value to come, in minor units.
        strategies: The names of the strategies, with what people call them.
        costs: What one try of each costs, in minor units.
        reached: By channel of the project, who has an address there and may be written to.
        primary: The position of each customer's primary strategy.
        secondary: The position of her secondary strategy.
        gains: The expected gain of each strategy, for whom it is primary.
        gain: The expected gain of all.
        cuts: The fitted cuts by their text: how they are said, their constants, and those said.
        grounds: What each definition rests on.
    """

    ids: pa.Array
    segments: tuple[Segment, ...]
    answers: pa.Table
    members: Mapping[str, Booleans]
    worth: tuple[Integers, Integers]
    strategies: Mapping[str, str]
    costs: Integers
    reached: Mapping[str, Booleans]
    primary: Integers
    secondary: Integers
    gains: tuple[Total, ...]
    gain: Total
    cuts: Mapping[str, tuple[str, object, str]]
    grounds: Grounds

    @property
    def treated(self) -> Booleans:
        """Whom one would treat: those whose primary strategy does something, also if it costs nothing."""
        acts = np.array([name not in (LEAVE_ALONE, DO_NOT_TARGET) for name in self.strategies], dtype=np.bool_)
        return np.asarray((self.primary >= 0) & acts[self.primary])

    @property
    def total(self) -> Worth:
        """What all customers are worth."""
        return Worth(int(self.worth[0].sum()), int(self.worth[1].sum()))


def side_of(facts: Facts, reckoned: Reckoned) -> Side:
    """Keep of a reckoning what a comparison needs."""
    options, found = reckoned.options, reckoned.found
    gains, gain = totals(options, found.primary)
    values = reckoned.values.columns
    return Side(
        ids=reckoned.answers["customer_id"].combine_chunks(),
        segments=reckoned.segments,
        answers=reckoned.answers,
        members={one.name: np.asarray(reckoned.answers[one.name]) for one in reckoned.segments},
        worth=(_whole(values["value_now"]), _whole(values["value_to_come"])),
        strategies={one.name: one.definition.title for one in options},
        costs=np.array([one.cost for one in options], dtype=np.int64),
        reached={name: one.reaches for name, one in reckoned.channels.items()},
        primary=np.asarray(found.primary, dtype=np.int64),
        secondary=np.asarray(found.secondary, dtype=np.int64),
        gains=tuple(gains),
        gain=gain,
        cuts=_cuts(facts, reckoned),
        grounds=Grounds(facts.prepared, reckoned.segments, facts.project),
    )


def _whole(values: npt.NDArray[np.float64]) -> Integers:
    return np.nan_to_num(values).astype(np.int64)


def _cuts(facts: Facts, reckoned: Reckoned) -> dict[str, tuple[str, object, str]]:
    prepared = facts.prepared
    words = Words(facts.currency, prepared.titles, prepared.types, time_zone=facts.project.time_zone)
    return {
        write(one): (sentence(one, words), value, words.value(value, _kind(one, prepared.types)))
        for one, value in reckoned.computed.fitted.items()
    }


def _kind(cut: Quantile, types: Mapping[str, Type]) -> Type | None:
    return types.get(getattr(cut.of, "name", ""))


def aligned(before: Side, after: Side) -> tuple[Side, Side]:
    """Give both for the same customers: whoever is on one side alone is in no segment and has no strategy on the other."""
    if before.ids.equals(after.ids):
        return before, after
    everyone = pc.unique(pa.concat_arrays([before.ids, after.ids]))
    everyone = everyone.take(pc.sort_indices(everyone))
    return _among(before, everyone), _among(after, everyone)


def _among(side: Side, everyone: pa.Array) -> Side:
    place = np.asarray(pc.index_in(everyone, side.ids).fill_null(-1), dtype=np.int64)
    there = place >= 0
    worth = (np.where(there, side.worth[0][place], 0), np.where(there, side.worth[1][place], 0))
    return replace(
        side,
        ids=everyone,
        members={name: np.asarray(there & inside[place]) for name, inside in side.members.items()},
        worth=worth,
        reached={name: np.asarray(there & reaches[place]) for name, reaches in side.reached.items()},
        primary=np.where(there, side.primary[place], NOBODY),
        secondary=np.where(there, side.secondary[place], NOBODY),
    )


def renamed(before: Side, after: Side) -> dict[str, str]:
    """Give the new names of segments that differ in nothing else, by their old ones."""
    old, new = ({one.name: one for one in side.segments} for side in (before, after))
    free = [one for name, one in new.items() if name not in old]
    found = {}
    for name, gone in old.items():
        if name in new:
            continue
        same = [
            one for one in free if one.node == gone.node and one.definition.segmentation == gone.definition.segmentation
        ]
        if same:
            found[name] = same[0].name
            free.remove(same[0])
    return found


def with_names(side: Side, names: Mapping[str, str]) -> Side:
    """Give the same with some segments under other names."""
    if not names:
        return side
    return replace(
        side,
        segments=tuple(replace(one, name=names.get(one.name, one.name)) for one in side.segments),
        answers=side.answers.rename_columns([names.get(name, name) for name in side.answers.column_names]),
        members={names.get(name, name): inside for name, inside in side.members.items()},
    )


def segment_changes(
    before: Side | None, after: Side, formerly: Mapping[str, str], changed: frozenset[Key]
) -> tuple[SegmentChange, ...]:
    """Tell of every segment who comes and who goes; both sides are for the same customers, renamed segments under new names.

    Args:
        before: What the old definitions make of them, if there are any.
        after: What the new ones make of them.
        formerly: Old names of segments by their new ones.
        changed: The definitions that are not what they were.
    """
    new = {one.name: one for one in after.segments}
    old = {one.name: one for one in before.segments} if before else {}
    return tuple(
        _segment(new.get(name) or old[name], before, after, formerly.get(name), changed)
        for name in [*new, *(name for name in old if name not in new)]
    )


def _segment(
    segment: Segment, before: Side | None, after: Side, formerly: str | None, changed: frozenset[Key]
) -> SegmentChange:
    name = segment.name
    nobody = np.zeros(len(after.ids), np.bool_)
    then = before.members.get(name) if before else None
    now = after.members.get(name)
    was, is_ = nobody if then is None else then, nobody if now is None else now
    entered, left = is_ & ~was, was & ~is_
    earlier = before or after
    return SegmentChange(
        segment.definition.segmentation,
        name,
        segment.title,
        None if then is None else int(was.sum()),
        None if now is None else int(is_.sum()),
        int(entered.sum()),
        int(left.sum()),
        int((was & is_).sum()),
        _worth(after, entered),
        _worth(earlier, left),
        _examples(after, entered),
        _examples(earlier, left),
        formerly,
        after.grounds.rests_on(("segment", name), changed) if before else (),
    )


def _worth(side: Side, rows: Booleans) -> Worth:
    return Worth(int(side.worth[0][rows].sum()), int(side.worth[1][rows].sum()))


def _examples(side: Side, rows: Booleans) -> tuple[str, ...]:
    places = np.flatnonzero(rows)
    first = places[np.argsort(-side.worth[1][places], kind="stable")[:EXAMPLES]]
    return tuple(side.ids.take(pa.array(first)).to_pylist())


def segment_flows(before: Side, after: Side) -> tuple[Flow, ...]:
    """Tell who goes from which segment to which."""
    return flows(membership(before.answers, before.segments), membership(after.answers, after.segments))


def strategy_shifts(before: Side | None, after: Side, changed: frozenset[Key]) -> tuple[StrategyShift, ...]:
    """Tell of every strategy who comes to it as the primary one and who goes."""
    old, new = list(before.strategies) if before else [], list(after.strategies)
    then = _named(before, old) if before else np.full(len(after.ids), "", dtype=object)
    now = _named(after, new)
    found = []
    for name in [*new, *(one for one in old if one not in new)]:
        was, is_ = then == name, now == name
        found.append(
            StrategyShift(
                name,
                after.strategies.get(name) or (before.strategies[name] if before else name),
                int(was.sum()) if name in old else None,
                int(is_.sum()) if name in new else None,
                int((is_ & ~was).sum()),
                int((was & ~is_).sum()),
                before.gains[old.index(name)] if before and name in old else None,
                after.gains[new.index(name)] if name in new else None,
                after.grounds.rests_on(("strategy", name), changed) if before else (),
            )
        )
    return tuple(found)


def _named(side: Side, names: Sequence[str], *, secondary: bool = False) -> npt.NDArray[np.object_]:
    """Give each customer's strategy by its name; empty where there is none."""
    return np.array([*names, ""], dtype=object)[side.secondary if secondary else side.primary]


def strategy_matrix(before: Side, after: Side) -> tuple[Move, ...]:
    """Count the customers by old and new primary strategy, the largest cell first."""
    old, new = [*before.strategies, None], [*after.strategies, None]
    cells = np.bincount((before.primary % len(old)) * len(new) + after.primary % len(new), minlength=1)
    found = [Move(old[cell // len(new)], new[cell % len(new)], int(cells[cell])) for cell in np.flatnonzero(cells)]
    return tuple(sorted(found, key=lambda one: -one.customers))


def moved(before: Side, after: Side) -> tuple[Booleans, Booleans, Booleans]:
    """Tell of every customer whether her segments change, her primary strategy, her secondary one.

    A segmentation that is new or gone as a whole moves nobody: nobody was elsewhere in it. Segments that name no
    segmentation are not such a whole: to enter the first of them is to enter.
    """
    nobody = np.zeros(len(after.ids), np.bool_)
    segment = nobody.copy()
    told = [{one.definition.segmentation for one in side.segments} for side in (before, after)]
    both = (told[0] & told[1]) | {UNGROUPED}
    names = {one.name for side in (before, after) for one in side.segments if one.definition.segmentation in both}
    for name in sorted(names):
        segment |= before.members.get(name, nobody) != after.members.get(name, nobody)
    old, new = list(before.strategies), list(after.strategies)
    primary = _named(before, old) != _named(after, new)
    secondary = _named(before, old, secondary=True) != _named(after, new, secondary=True)
    return segment, np.asarray(primary, np.bool_), np.asarray(secondary, np.bool_)


def contacts(side: Side, among: Booleans | None = None) -> Contacts:
    """Count whom one would treat, and what that costs."""
    treated = side.treated if among is None else side.treated & among
    return Contacts(int(treated.sum()), int(side.costs[side.primary[treated]].sum()))


def channel_shifts(before: Side | None, after: Side) -> tuple[ChannelShift, ...]:
    """Count whom one would treat in the segments that name a channel and may be written to there, channel by channel.

    Of a channel that the project does not declare nobody's consent is known: then there is no count.
    """
    told = [_by_channel(side) if side else {} for side in (before, after)]
    return tuple(
        ChannelShift(name, told[0].get(name, Contacts()), told[1].get(name, Contacts()))
        for name in sorted(told[0].keys() | told[1].keys())
    )


def _by_channel(side: Side) -> dict[str, Contacts | None]:
    inside: dict[str, Booleans] = {}
    for segment in side.segments:
        for channel in segment.definition.channels:
            inside[channel] = inside.get(channel, np.zeros(len(side.ids), np.bool_)) | side.members[segment.name]
    return {
        channel: contacts(side, among & side.reached[channel]) if channel in side.reached else None
        for channel, among in inside.items()
    }
