"""The personas of a run's segments, made from what was reckoned and written as a table: one row per segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine.apart import EFFECT, Apart, effect_row, said
from smalti.engine.reckoning import Reckoned
from smalti.engine.tables import VALUES
from smalti.facts import Currency, Type, from_minor
from smalti.rules import Aggregate, Words, walk
from smalti.segments import Known, Misled, Part, Persona, Plans, Play, RealMember, Segment, personas
from smalti.strategy import DO_NOT_TARGET, LEAVE_ALONE
from smalti.strategy.peers import Booleans
from smalti.traits import Trait

SURVEY = "answers"
"""The stream of answers to surveys: traits that rest on it are told wherever they set a segment apart."""

_MISLEADING = ("spend_365d", "mean_order_value", *VALUES)


@dataclass(frozen=True, eq=False)
class _Told:
    """What a row is written with."""

    reckoned: Reckoned
    apart: Apart
    words: Words
    reasons: pa.Array
    customers: pa.ChunkedArray

    def money(self, minor: float) -> Any:
        return from_minor(round(minor), self.words.currency)

    def strategy(self, name: str) -> dict[str, Any]:
        definition = {option.name: option.definition for option in self.reckoned.options}[name]
        return {"strategy": name, "title": definition.title, "about": definition.about}


def make_personas(
    reckoned: Reckoned, apart: Apart, members: Sequence[Booleans], traits: Sequence[Trait]
) -> tuple[Persona, ...]:
    """Make the personas of all segments of a run.

    Args:
        reckoned: All that was reckoned.
        apart: What sets the segments apart.
        members: The segments' members, n each.
        traits: The project's traits, by whose definitions it is known what was answered.
    """
    values = reckoned.values.columns
    answers = {trait.name for trait in traits if _asks(trait)}
    known = Known(
        traits=apart.traits,
        drawn=apart.drawn,
        found=apart.found,
        alike=apart.alike,
        money={name: values[name] for name in VALUES},
        misleading=[name for name in _MISLEADING if name in apart.traits],
        answers=frozenset(answers),
        commonest=frozenset(name for name in apart.traits if "channel" in name.split("_")),
    )
    options = reckoned.options
    plans = Plans(
        names=[option.name for option in options],
        quiet=frozenset({LEAVE_ALONE, DO_NOT_TARGET}),
        gains=np.stack([np.where(option.eligible, option.gain, 0.0) for option in options]),
        primary=reckoned.found.primary,
        secondary=reckoned.found.secondary,
    )
    return personas(members, known, plans)


def personas_table(
    found: Sequence[Persona],
    reckoned: Reckoned,
    apart: Apart,
    words: Words,
    reasons: pa.Array,
) -> pa.Table:
    """Make the table of personas.

    Args:
        found: The personas, in the order of the segments.
        reckoned: All that was reckoned.
        apart: What sets the segments apart.
        words: How names and values are said.
        reasons: The reason of each customer's primary strategy, n.
    """
    reach = {name: channel.reaches for name, channel in reckoned.channels.items()}
    told = _Told(reckoned, apart, words, reasons, reckoned.traits["customer_id"])
    rows = [
        _head(told, one, segment)
        | _money(told, one)
        | _apart(told, one)
        | _plans(told, one)
        | _hidden(told, one)
        | {"reach": _reach(reach, np.asarray(reckoned.answers[segment.name]))}
        for one, segment in zip(found, reckoned.segments, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=_schema(words.currency))


def _asks(trait: Trait) -> bool:
    return any(isinstance(node, Aggregate) and node.stream == SURVEY for node in walk(trait.node))


def _head(told: _Told, one: Persona, segment: Segment) -> dict[str, Any]:
    definition, everyone = segment.definition, max(told.reckoned.traits.num_rows, 1)
    return {
        "segmentation": definition.segmentation,
        "segment": segment.name,
        "title": segment.title,
        "kind": definition.kind,
        "why": definition.why,
        "channels": list(definition.channels),
        "size": one.size,
        "share": one.size / everyone,
        "looked_at": one.looked_at,
    }


def _money(told: _Told, one: Persona) -> dict[str, Any]:
    each = {f"{name}_each": told.money(total / one.size) if one.size else None for name, total in one.sums.items()}
    return {name: told.money(total) for name, total in one.sums.items()} | each


def _apart(told: _Told, one: Persona) -> dict[str, Any]:
    ruled = told.apart.ruled[one.segment]
    names = [effect.trait for effect in one.apart]
    return {
        "apart": [effect_row(effect, told.words, ruled=effect.trait in ruled) for effect in one.apart],
        "answers": [effect_row(effect, told.words, ruled=effect.trait in ruled) for effect in one.answers],
        "commonest": [_part(told, name, part) for name, part in one.commonest],
        "typical": _member(told, one.typical, names),
        "untypical": _member(told, one.untypical, names),
    }


def _part(told: _Told, name: str, part: Part) -> dict[str, Any]:
    return {"trait": name, "title": told.words.title(name), "value": part.value, "share": part.share}


def _member(told: _Told, member: RealMember | None, names: Sequence[str]) -> dict[str, Any] | None:
    if member is None:
        return None
    chosen = told.reckoned.options[int(told.reckoned.found.primary[member.customer])]
    place = int(np.searchsorted(told.apart.drawn.rows, member.customer))
    return {
        "customer_id": told.customers[member.customer].as_py(),
        "distance": member.distance,
        "strategy": chosen.name,
        "strategy_title": chosen.definition.title,
        "gain": told.money(chosen.gain[member.customer]),
        "reason": told.reasons[member.customer].as_py(),
        "values": [
            {"trait": name, "title": told.words.title(name), "text": _value(told, name, place)} for name in names
        ],
    }


def _value(told: _Told, name: str, place: int) -> str:
    trait = told.apart.traits[name]
    code = int(trait.codes[place])
    if code < 0:
        return "unknown"
    return said(name, float(trait.values[code]), told.words) if trait.number else str(trait.values[code])


def _plans(told: _Told, one: Persona) -> dict[str, Any]:
    return {
        "plays": [_play(told, play) for play in one.plays],
        "last_resort": [_play(told, play) for play in one.last_resort],
        "never": [told.strategy(name) for name in one.never],
    }


def _play(told: _Told, play: Play) -> dict[str, Any]:
    return told.strategy(play.strategy) | {
        "primary": play.primary,
        "secondary": play.secondary,
        "pays": play.pays,
        "gain": told.money(play.gain),
    }


def _hidden(told: _Told, one: Persona) -> dict[str, Any]:
    alike, options = one.one_for_all, told.reckoned.options
    there = alike.strategy >= 0
    return {
        "strategy": options[alike.strategy].name if there else None,
        "another_strategy": alike.another,
        "gain": told.money(alike.own),
        "gain_alike": told.money(alike.alike),
        "lost": told.money(alike.lost),
        "best_strategy": options[alike.best].name if there else None,
        "lost_at_best": told.money(alike.own - alike.best_alike),
        "misled": [_misled(told, each) for each in one.misled],
        "unlike": one.unlike,
    }


def _misled(told: _Told, one: Misled) -> dict[str, Any]:
    return {
        "trait": one.trait,
        "title": told.words.title(one.trait),
        "typical": told.words.value(one.median, Type.MONEY),
        "known": one.known,
        "off": one.off,
        "share": one.share,
        "low": one.low,
        "high": one.high,
    }


def _reach(reach: Mapping[str, Booleans], member: Booleans) -> list[dict[str, Any]]:
    size = max(int(member.sum()), 1)
    counts = {name: int((may & member).sum()) for name, may in reach.items()}
    return [{"channel": name, "members": count, "share": count / size} for name, count in counts.items()]


def _schema(currency: Currency) -> pa.Schema:
    amount, text, number, whole = pa.decimal128(18, currency.places), pa.string(), pa.float64(), pa.int64()
    strategy = [("strategy", text), ("title", text), ("about", text)]
    play = pa.struct([*strategy, ("primary", whole), ("secondary", whole), ("pays", whole), ("gain", amount)])
    value = pa.struct([("trait", text), ("title", text), ("text", text)])
    chosen = [("strategy", text), ("strategy_title", text), ("gain", amount), ("reason", text)]
    member = pa.struct([("customer_id", text), ("distance", number), *chosen, ("values", pa.list_(value))])
    part = pa.struct([("trait", text), ("title", text), ("value", text), ("share", number)])
    counts = [("known", whole), ("off", whole), ("share", number), ("low", number), ("high", number)]
    off = pa.struct([("trait", text), ("title", text), ("typical", text), *counts])
    channel = pa.struct([("channel", text), ("members", whole), ("share", number)])
    return pa.schema(
        [
            *((name, text) for name in ("segmentation", "segment", "title", "kind", "why")),
            ("channels", pa.list_(text)),
            *[("size", whole), ("share", number), ("looked_at", whole)],
            *((name, amount) for name in VALUES),
            *((f"{name}_each", amount) for name in VALUES),
            *((name, pa.list_(pa.struct(EFFECT))) for name in ("apart", "answers")),
            ("commonest", pa.list_(part)),
            *((name, member) for name in ("typical", "untypical")),
            *[("plays", pa.list_(play)), ("last_resort", pa.list_(play)), ("never", pa.list_(pa.struct(strategy)))],
            *[("strategy", text), ("another_strategy", whole)],
            *[("gain", amount), ("gain_alike", amount), ("lost", amount)],
            *[("best_strategy", text), ("lost_at_best", amount)],
            ("misled", pa.list_(off)),
            ("unlike", number),
            ("reach", pa.list_(channel)),
        ]
    )
