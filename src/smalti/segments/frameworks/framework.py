"""What a standard segmentation is, what its settings are, and what it can be built on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from smalti.facts import STANDARD_STREAMS, Column, Stream, Type
from smalti.segments.definitions import SegmentDefinition
from smalti.segments.frameworks.minimum import Minimum
from smalti.traits import standard_traits


class Settings(BaseModel):
    """The settings of one framework; what is left out has a default, what is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def question(self, given: Given) -> Question | None:
        """What the facts must be asked before the framework can be written down; None where all is said."""
        return None

    def answered(self, names: Sequence[str]) -> Settings:
        """Give the settings with the answer of the question filled in."""
        return self


SettingsT = TypeVar("SettingsT", bound=Settings)


@dataclass(frozen=True)
class Question:
    """Which values of a text column matter most: fitted once as of the run's instant, then kept with it.

    Attributes:
        stream: The stream.
        column: The column of text.
        weight: The column of money by whose sum the values are put in order; None counts facts.
        most: How many values are wanted at most.
    """

    stream: str
    column: str
    weight: str | None
    most: int


@dataclass(frozen=True)
class Given:
    """What a framework can be built on.

    Attributes:
        streams: The streams there are, by name.
        names: The attributes and traits there are, standard ones included.
    """

    streams: Mapping[str, Stream]
    names: frozenset[str]

    def column(self, stream: str, column: str) -> Type | None:
        """Give the type of a column of a stream; None where there is no such.

        >>> EVERYTHING.column("tickets", "cost"), EVERYTHING.column("tickets", "nonsense")
        (<Type.MONEY: 'money'>, None)
        """
        found = self.streams.get(stream)
        return found[column].type if found is not None and column in found else None


_OWN = (
    Stream("events", (Column("name", Type.TEXT),)),
    Stream("touches", (Column("opened_at", Type.INSTANT), Column("outcome", Type.TEXT))),
    Stream("tickets", (Column("cost", Type.MONEY),)),
)
_ALL = STANDARD_STREAMS | {stream.name: stream for stream in _OWN}
EVERYTHING = Given(_ALL, frozenset(standard_traits(_ALL, {})))
"""Every standard stream and trait, and the streams of a project's own that the frameworks know what to make of."""


@dataclass(frozen=True)
class Framework:
    """A standard segmentation.

    Attributes:
        name: The segmentation's name.
        about: What it is for, in one sentence.
        kind: What kind of segmentation it is, such as behavioural.
        needs: Traits it stands on.
        traits: Traits it brings, as text by name, each after those it names.
        segments: Its segments by name: exclusive, and together everybody.
        titles: What its traits are called.
        minimum: How much there must be for it to mean something.
        lacking: What it needs and does not find beyond traits, in a few words; empty where nothing.
    """

    name: str
    about: str
    kind: str
    needs: tuple[str, ...]
    traits: dict[str, str]
    segments: dict[str, SegmentDefinition]
    titles: dict[str, str] = field(default_factory=dict)
    minimum: Minimum = field(default_factory=Minimum)
    lacking: str = ""


@dataclass(frozen=True)
class Row:
    """One segment of a framework, as its module writes it down."""

    name: str
    who: str
    why: str
    title: str | None = None
    kind: str | None = None


def segments_of(segmentation: str, kind: str, rows: Sequence[Row]) -> dict[str, SegmentDefinition]:
    """Make the definitions of a segmentation's segments; what is done for negative ones is nothing.

    >>> segments_of("tiers", "value", [Row("top", "spend_365d > 100", "spend most")])["top"].segmentation
    'tiers'
    """
    return {
        row.name: SegmentDefinition.model_validate(
            {
                "who": row.who,
                "why": row.why,
                "title": row.title,
                "segmentation": segmentation,
                "kind": row.kind or kind,
                "strategy": "do_not_target" if (row.kind or kind) == "negative" else None,
            }
        )
        for row in rows
    }


def plain(number: float) -> str:
    """Write a number as a person would.

    >>> plain(2.0), plain(0.35), plain(1000000.0)
    ('2', '0.35', '1000000')
    """
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def percent(share: float) -> str:
    """Write a share of 0 to 1 in percent.

    >>> percent(0.8), percent(0.125)
    ('80 %', '12.5 %')
    """
    return f"{plain(round(share * 100, 6))} %"


def quoted(text: str) -> str:
    """Write text as the language does.

    >>> quoted("Men's")
    "'Men''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def rising(values: Sequence[float]) -> bool:
    """Whether each value is above the one before it.

    >>> rising((1, 2, 5)), rising((1, 1))
    (True, False)
    """
    return all(a < b for a, b in pairwise(values))
