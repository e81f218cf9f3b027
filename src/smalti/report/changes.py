"""What changed definitions would do to the customers, as a value: counts, money in minor units, names; no text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from smalti.report.flows import Flow, Move
from smalti.strategy import Total


@dataclass(frozen=True)
class Redefinition:
    """One part of one definition that is not what it was.

    Attributes:
        section: Where it stands in the project, such as ``segments``; ``settings`` for what stands there alone.
        name: The definition's name.
        part: Which part of it, such as ``who``; empty where the whole definition came or went.
        before: Its text then; None where there was none.
        after: Its text now; None where there is none any more.
        matters: Whether anything is reckoned from it; titles, descriptions and the way a rule is laid out do not matter.
    """

    section: str
    name: str
    part: str
    before: str | None
    after: str | None
    matters: bool = True

    @property
    def change(self) -> Literal["added", "removed", "changed"]:
        """What became of it."""
        if self.part:
            return "changed"
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Worth:
    """What some customers are worth together.

    Attributes:
        value_now: The trailing year's margin, in minor units.
        value_to_come: The margin expected within the horizon, in minor units.
    """

    value_now: int = 0
    value_to_come: int = 0


@dataclass(frozen=True)
class SegmentChange:
    """One segment under the old definitions and the new; before - left + entered = after, stayed + entered = after.

    Attributes:
        segmentation: The segmentation, as the new definitions have it.
        segment: Its name; of one that is gone, the old one.
        title: What people call it.
        before: Members then; None where there was no such segment.
        after: Members now; None where there is none any more.
        entered: Who would come.
        left: Who would go.
        stayed: Who was and remains a member.
        entering: What those who come are worth, as the new definitions reckon it.
        leaving: What those who go are worth, as the old definitions reckoned it.
        entering_examples: Some of those who come, the most valuable first.
        leaving_examples: Some of those who go, the most valuable first.
        formerly: Its old name, where nothing but the name differs.
        rests_on: The changed definitions it rests on, itself among them.
    """

    segmentation: str
    segment: str
    title: str
    before: int | None
    after: int | None
    entered: int
    left: int
    stayed: int
    entering: Worth = Worth()
    leaving: Worth = Worth()
    entering_examples: tuple[str, ...] = ()
    leaving_examples: tuple[str, ...] = ()
    formerly: str | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def moved(self) -> int:
        """Customers who come or go."""
        return self.entered + self.left


@dataclass(frozen=True)
class StrategyShift:
    """One strategy as the primary one, under the old playbook and the new.

    Attributes:
        strategy: Its name.
        title: What people call it.
        before: Customers then; None where the playbook did not have it.
        after: Customers now; None where the playbook does not have it any more.
        entered: Who would come to it.
        left: Who would go from it.
        gain_before: The expected gain then, with its 80 % interval.
        gain_after: The expected gain now.
        rests_on: The changed definitions it rests on, itself among them.
    """

    strategy: str
    title: str
    before: int | None
    after: int | None
    entered: int
    left: int
    gain_before: Total | None = None
    gain_after: Total | None = None
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contacts:
    """Whom one would treat: those whose primary strategy does something, also if it costs nothing.

    Attributes:
        customers: How many.
        cost: Of one try each, in minor units.
    """

    customers: int = 0
    cost: int = 0


@dataclass(frozen=True)
class ChannelShift:
    """Whom one would treat by a channel: who is in a segment that names it, has an address there and may be written to.

    Somebody may be counted for several channels.

    Attributes:
        channel: Its name.
        before: Whom one would have treated; None where segments named it and the project did not say whom it may be used
            for, so that nobody's consent was known.
        after: Whom one would treat; None likewise.
    """

    channel: str
    before: Contacts | None
    after: Contacts | None


@dataclass(frozen=True)
class CutShift:
    """A cut that is fitted to the customers, where it lay and where it would lie; None where there is none."""

    cut: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Changes:
    """What changed definitions would do, both reckoned on the same data as of the same instant.

    Attributes:
        project: The project's name.
        against: What the new definitions are compared with, in words; None where there was nothing.
        as_of: The instant in ISO 8601.
        currency: Its code; all money is in its minor units.
        time_zone: The project's time zone.
        customers: How many there are, under either definitions.
        moved: Customers who would enter or leave any segment or change their primary strategy.
        moved_segment: Those of them who would enter or leave a segment.
        moved_strategy: Those of them whose primary strategy would change.
        moved_secondary: Customers whose secondary strategy would change.
        read_twice: Whether the sources are read otherwise, so that the facts are not the same.
        definitions: What is not what it was.
        segments: Every segment, in the order of the new definitions; those that are gone come last.
        flows: From segment to segment, for each segmentation that both definitions have.
        strategies: Every strategy, in the order of the new playbook.
        matrix: Customers by old and new primary strategy, also where both are the same; None for no customer then or now.
        gain_before: Expected gain of all primary strategies, with its 80 % interval; None where there was nothing.
        gain_after: The same now.
        worth_before: What all customers are worth by the old definitions.
        worth_after: The same by the new ones.
        contacts_before: Whom one would have treated.
        contacts_after: Whom one would treat.
        channels: The same by channel, where segments name channels.
        cuts: Cuts that would lie elsewhere.
        notes: What a reader should know, in sentences.
    """

    project: str
    against: str | None
    as_of: str
    currency: str
    time_zone: str
    customers: int
    moved: int
    moved_segment: int
    moved_strategy: int
    moved_secondary: int
    read_twice: bool
    definitions: tuple[Redefinition, ...]
    segments: tuple[SegmentChange, ...]
    flows: tuple[Flow, ...]
    strategies: tuple[StrategyShift, ...]
    matrix: tuple[Move, ...]
    gain_before: Total | None
    gain_after: Total
    worth_before: Worth | None
    worth_after: Worth
    contacts_before: Contacts | None
    contacts_after: Contacts
    channels: tuple[ChannelShift, ...]
    cuts: tuple[CutShift, ...]
    notes: tuple[str, ...]

    @property
    def share_moved(self) -> float:
        """The share of customers who would enter or leave a segment or change their primary strategy, 0 to 1."""
        return self.moved / self.customers if self.customers else 0.0

    @property
    def moves(self) -> tuple[Move, ...]:
        """The moves from one primary strategy to another, the largest first."""
        return tuple(one for one in self.matrix if one.origin != one.target)

    @property
    def unchanged(self) -> bool:
        """Whether the definitions are what they were, to the letter."""
        return self.against is not None and not self.definitions

    @property
    def only_words(self) -> bool:
        """Whether nothing differs but names, titles, descriptions and the way rules are laid out."""
        return bool(self.definitions) and not any(one.matters for one in self.definitions)

    @property
    def harmless(self) -> bool:
        """Whether nobody moves, and no money and no contacts differ, by no channel either."""
        before = (self.gain_before, self.worth_before, self.contacts_before)
        same = before == (self.gain_after, self.worth_after, self.contacts_after)
        gains = all(one.gain_before == one.gain_after for one in self.strategies)
        channels = all(one.before == one.after for one in self.channels)
        return same and gains and channels and not (self.moved or self.moved_secondary)

    def to_dict(self) -> dict[str, Any]:
        """Give all of it for a machine: plain dicts and lists, money in minor units, shares of one."""
        told = asdict(self)
        told["share_moved"] = self.share_moved
        told["definitions"] = [asdict(one) | {"change": one.change} for one in self.definitions]
        told["flows"] = [
            {"segmentation": one.segmentation, "exclusive": one.exclusive, "changed": one.changed}
            | {"moves": [asdict(move) for move in one.moves]}
            for one in self.flows
        ]
        return told
