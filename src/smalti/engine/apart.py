"""What sets each segment apart, worked out for the customers drawn and written as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.cuts import spoken_of
from smalti.engine.foresight.behaviour import to_floats
from smalti.facts import Type
from smalti.rules import Words
from smalti.segments import Compared, Drawn, Effect, Part, Segment, Spread, draw, effects, measured, same, worded
from smalti.strategy.peers import Booleans
from smalti.traits import Trait

MOST_VALUES = 50
"""Text with more different values than this does not tell segments apart."""
_WINDOW = re.compile(r"_(\d+d|total)$")
_NUMBERS = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION)
_QUANTILES = {"q025": "bottom", "q25": "q25", "median": "median", "q75": "q75", "q975": "top"}


@dataclass(frozen=True, eq=False)
class Apart:
    """The comparison of all segments with everyone else.

    Attributes:
        traits: The traits compared, by name, of those drawn.
        drawn: Who was drawn.
        found: The effects of each segment, the largest first.
        alike: Traits that say the same.
        ruled: For each segment the traits its rule rests on.
    """

    traits: Mapping[str, Compared]
    drawn: Drawn
    found: tuple[tuple[Effect, ...], ...]
    alike: Mapping[str, frozenset[str]]
    ruled: tuple[frozenset[str], ...]


def set_apart(
    segments: Sequence[Segment],
    members: Sequence[Booleans],
    traits: pa.Table,
    names: Iterable[str],
    words: Words,
    defined: Sequence[Trait],
    seed: int,
) -> Apart:
    """Compare each segment with everyone else.

    Args:
        segments: The segments.
        members: Their members, n each.
        traits: The customers, n rows, in working form.
        names: The columns to compare; those that are neither numbers, nor yes or no, nor text of few values, are left out.
        words: Knows their types.
        defined: All traits, each after those it names, by which is known what rules rest on.
        seed: Draws the customers compared where there are many.
    """
    drawn = draw(members, traits.num_rows, seed)
    if len(drawn.rows) < traits.num_rows:
        traits = traits.take(pa.array(drawn.rows))
    compared = [one for name in names if (one := _compared(name, traits[name], words.types.get(name))) is not None]
    found = effects(compared, drawn, [segment.definition.segmentation for segment in segments])
    rests: dict[str, frozenset[str]] = {}
    for trait in defined:
        rests[trait.name] = _behind(trait.node, rests)
    ruled = tuple(_behind(segment.node, rests) for segment in segments)
    return Apart({one.name: one for one in compared}, drawn, found, _alike(compared), ruled)


def segment_traits_table(segments: Sequence[Segment], apart: Apart, words: Words) -> pa.Table:
    """Make the table of what sets each segment apart, the largest effect first.

    `effect` is Cliff's delta for numbers and a difference of shares for texts, with its 95 % interval `low` to `high`;
    `sure` says that it clears the bar after Holm's correction within its segmentation; `lift` is the ratio of the shares. The
    quantiles are those of the members, in minor units, microseconds or as they are; `ruled` says that the segment's own rule
    rests on the trait.
    """
    found = [
        {"segmentation": segment.definition.segmentation, "segment": segment.name}
        | effect_row(effect, words, ruled=effect.trait in ruled)
        | {name: getattr(effect.inside, end, None) for name, end in _QUANTILES.items()}
        for segment, mine, ruled in zip(segments, apart.found, apart.ruled, strict=True)
        for effect in mine
    ]
    head = [("segmentation", pa.string()), ("segment", pa.string())]
    return pa.Table.from_pylist(
        found, schema=pa.schema([*head, *EFFECT, *((name, pa.float64()) for name in _QUANTILES)])
    )


EFFECT: list[tuple[str, pa.DataType]] = [
    ("trait", pa.string()),
    ("title", pa.string()),
    ("inside", pa.string()),
    ("outside", pa.string()),
    ("effect", pa.float64()),
    ("low", pa.float64()),
    ("high", pa.float64()),
    ("sure", pa.bool_()),
    ("lift", pa.float64()),
    ("ruled", pa.bool_()),
]
"""How an effect is published."""


def effect_row(effect: Effect, words: Words, *, ruled: bool) -> dict[str, Any]:
    """Give an effect as it is published, with both sides in words."""
    return {
        "trait": effect.trait,
        "title": words.title(effect.trait),
        "inside": _side(effect.trait, effect.inside, words),
        "outside": _side(effect.trait, effect.outside, words),
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
        "sure": effect.sure,
        "lift": effect.lift,
        "ruled": ruled,
    }


def said(name: str, value: float, words: Words) -> str:
    """Say a value of a trait that is a number, by its type and name.

    >>> from smalti.facts import Currency
    >>> said("discount_share", 0.25, Words(Currency("GBP"))), said("days_since_order", 3.0, Words(Currency("GBP")))
    ('25 %', '3 days')
    """
    if name.startswith("p_") or name.endswith("_share"):
        return f"{value * 100:.0f} %"
    kind = words.types.get(name)
    text = words.value(value if kind is not Type.INTEGER else round(value), kind)
    unit = "day" if text == "1" else "days"
    return f"{text} {unit}" if name.startswith("days_") or (name.endswith("_days") and kind is Type.NUMBER) else text


def _side(name: str, side: Spread | Part, words: Words) -> str:
    if isinstance(side, Spread):
        return said(name, side.median, words)
    return f"{side.value}: {side.share * 100:.0f} %"


def _alike(compared: Sequence[Compared]) -> dict[str, frozenset[str]]:
    """Take as the same what correlates, and what differs in its window alone."""
    close, stems = same(compared), {one.name: _WINDOW.sub("", one.name) for one in compared}
    return {
        name: close.get(name, frozenset()) | {other for other, own in stems.items() if own == stem and other != name}
        for name, stem in stems.items()
    }


def _compared(name: str, column: pa.ChunkedArray, kind: Type | None) -> Compared | None:
    if kind in _NUMBERS:
        return measured(name, to_floats(column))
    if kind not in (Type.TEXT, Type.BOOLEAN):
        return None
    told = pc.if_else(column, "yes", "no") if kind is Type.BOOLEAN else column
    encoded = told.combine_chunks().dictionary_encode()
    if not 1 < len(encoded.dictionary) <= MOST_VALUES:
        return None
    codes = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    return worded(name, encoded.dictionary.to_pylist(), codes, yes_no=kind is Type.BOOLEAN)


def _behind(tree: Any, rests: Mapping[str, frozenset[str]]) -> frozenset[str]:
    names = {name for kind, name in spoken_of(tree) if kind == "trait"}
    return frozenset(names).union(*(rests.get(name, frozenset()) for name in names))
