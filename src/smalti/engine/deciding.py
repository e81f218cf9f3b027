"""One customer now, from a published run: by the prices of its limits, and what is known only at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.errors import RunError, SmaltiError, nearest
from smalti.facts import Currency, Instant, Type, parse_instant, to_minor
from smalti.rules import (
    Customer,
    Literal,
    Member,
    Node,
    Quantile,
    Vocabulary,
    check,
    meaning,
    names_in,
    parse,
    walk,
    write,
)
from smalti.store import RunFolder
from smalti.strategy.messages import plain
from smalti.strategy.peers import Integers
from smalti.strategy.plan import Context, Decider, Decision, Offer, Standing

HOUR = "hour "
"""Before the channel in the name of the column of its best hour."""
GROUP = "group "
"""Before what fairness goes by in the name of the column of her group."""
NOT_ELIGIBLE = "not eligible"
"""The bar of who is not one of those whom a treatment is for, as published."""
INCOMPLETE = "message incomplete"
"""The bar of who lacks a value that a message needs, as published."""
_NOTHING = -(2**63)
_KNOWN = ("now", "channels", "contacted")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class _Rule:
    """A rule or an amount that a treatment goes by, made ready over the names that a run publishes."""

    node: Node
    names: frozenset[str]
    constants: Mapping[Quantile, Any]


class RunDecider:
    """Decides for the customers of a run, one at a time.

    It holds the run's tables in memory, so that a decision takes less than a millisecond. With nothing new known it answers
    what the plan says of a customer whom neither a tie nor the spreading over days has moved.

    Args:
        folder: The run.

    Raises:
        RunError: The run has no plan.
    """

    def __init__(self, folder: RunFolder) -> None:
        if "plan" not in folder.info or "plan_standing" not in folder.tables:
            raise RunError(
                f"run {folder.id} has no plan: write treatments: in the project, and make another with smalti run"
            )
        self._folder, self._info = folder, folder.info
        self._decider = Decider.of_info(self._info["plan"]["decider"])
        self._currency = Currency(self._info["currency"])
        self._standing = folder.table("plan_standing").combine_chunks()
        self._ids = {one: row for row, one in enumerate(self._standing["customer_id"].to_pylist())}
        self._kept = _Kept(self._standing, folder.table("plan_options").combine_chunks(), self._ids)

    def decide(self, customer_id: str | int, context: Mapping[str, Any] | None = None) -> Decision:
        """Decide what one customer gets now.

        Args:
            customer_id: Her id.
            context: What is known only now: `now`, an instant in ISO 8601; `channels`, those at hand; `contacted`, contacts
                since the run, each with `at`, `channel` and `purpose`; and by its name the value that any trait has now, as
                the run publishes it. Whatever a treatment's rule and headroom say of these traits is asked again, and
                whether its messages can be made without what is missing now. Traits and segments that rest on one of them,
                scores and all that is modelled stay as they were in the run, and the reason of the decision names those
                traits and segments. Nobody becomes eligible by it who was not in the run, since nothing was asked of her
                consent then.

        Raises:
            RunError: The run knows no such customer.
            SmaltiError: The context names what the run has not, or a value of another type.
        """
        standing = self.standing(str(customer_id))
        if not context:
            return self._decider.decide(standing)
        decision = self._decider.decide(standing, self._context(standing, context))
        stale = self._stale(frozenset(context) - set(_KNOWN))
        return replace(decision, reason=f"{decision.reason}; {stale}") if stale else decision

    def standing(self, customer_id: str) -> Standing:
        """Give what the run knows of one customer.

        Raises:
            RunError: The run knows no such customer.
        """
        row = self._ids.get(customer_id)
        if row is None:
            near = nearest(customer_id, list(self._ids)[:5_000])
            hint = f"; did you mean '{near}'?" if near else ""
            raise RunError(f"this run knows no customer '{customer_id}' among its {len(self._ids):,}{hint}")
        return self._kept.standing(customer_id, row)

    def _context(self, standing: Standing, given: Mapping[str, Any]) -> Context:
        traits = {name: value for name, value in given.items() if name not in _KNOWN}
        headroom, barred = self._asked_again(standing, traits) if traits else ({}, {})
        channels = given.get("channels")
        named = [channels] if isinstance(channels, str) else channels
        return Context(
            now=self._moment(given["now"]) if given.get("now") is not None else None,
            channels=None if named is None else frozenset(self._channel(str(one)) for one in named),
            headroom=headroom,
            contacted=tuple(
                (self._moment(one["at"]), str(one["channel"]), str(one.get("purpose") or ""))
                for one in given.get("contacted") or ()
            ),
            barred=barred,
        )

    def _channel(self, name: str) -> str:
        known = sorted({channel for one in self._info["plan"]["actions"] for channel in one["channels"] if channel})
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"unknown channel in the context: found '{name}', wanted one of {', '.join(known)}{hint}")
        return name

    def _moment(self, value: Any) -> Instant:
        if isinstance(value, datetime):
            return _instant(value)
        return value if isinstance(value, int) else parse_instant(str(value), self._info["time_zone"])

    def _asked_again(self, standing: Standing, traits: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
        """Ask the rules and headrooms of treatments that speak of what is known only now."""
        said = {name: self._said(name, value) for name, value in traits.items()}
        asked = [rule for rules in self._rules.values() for rule in rules.values() if rule.names & said.keys()]
        then = self._then(standing.customer, frozenset().union(*(rule.names for rule in asked)))
        now = then | said
        headroom: dict[str, float] = {}
        closed: set[str] = set()
        for name, rules in self._rules.items():
            for what, rule in rules.items():
                if not rule.names & said.keys():
                    continue
                after = self._answer(rule, now, standing)
                if what != "headroom":
                    closed |= set() if after else {name}
                    continue
                before = self._answer(rule, then, standing)
                headroom[name] = max(float(after or 0), 0.0) / before if before and before > 0 else 0.0
        actions = {one["name"]: one["treatments"] for one in self._info["plan"]["actions"]}
        barred = {name: NOT_ELIGIBLE for name, parts in actions.items() if closed & set(parts)}
        gone = {name for name, value in said.items() if value is None or (isinstance(value, str) and not plain(value))}
        needs = self._info["plan"].get("needs", {}).items() if gone else ()
        return headroom, {name: INCOMPLETE for name, needed in needs if gone & set(needed)} | barred

    def _stale(self, named: frozenset[str]) -> str:
        """Say which of the project's traits and segments rest on what is known only now and stay as they were."""
        found = sorted(one for one, under in self._rests.items() if one not in named and not named.isdisjoint(under))
        return f"{', '.join(found)} as in the run" if found else ""

    def _answer(self, rule: _Rule, values: Mapping[str, Any], standing: Standing) -> Any:
        memberships = {name: Literal(name in standing.segments, Type.BOOLEAN) for name in self._titles}
        her = Customer({}, scores=values, fitted=rule.constants, segments=memberships, customer_id=standing.customer)
        return meaning(rule.node, her, self._info["as_of_microseconds"])

    def _then(self, customer: str, names: frozenset[str]) -> dict[str, Any]:
        """Give what the run knew of her under some names, in working form."""
        customers, rows = self._customers
        found = {}
        for name in names & self._types.keys():
            hers = name in customers.schema.names
            value = (customers[name][rows[customer]] if hers else self._standing[name][self._ids[customer]]).as_py()
            found[name] = self._working(name, value, self._types[name])
        return found

    def _said(self, name: str, value: Any) -> Any:
        """Read a value of the context, in the units in which the run publishes it."""
        if name not in self._types:
            near = nearest(name, [*self._types, *_KNOWN])
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(
                f"unknown name in the context: found '{name}', wanted a trait of the run, {', '.join(_KNOWN)}{hint}"
            )
        return self._working(name, value, self._types[name])

    def _working(self, name: str, value: Any, kind: Type) -> Any:
        """Give a published value in the form that rules take."""
        if value is None:
            return None
        try:
            if kind is Type.MONEY:
                return to_minor(Decimal(str(value)), self._currency)
            if kind is Type.INSTANT:
                return self._moment(value)
            if kind is Type.DURATION:
                return value // _MICROSECOND
            if kind is Type.BOOLEAN:
                return _truth(value)
            return {Type.INTEGER: int, Type.NUMBER: float, Type.TEXT: str}[kind](value)
        except (ValueError, TypeError, ArithmeticError):
            raise SmaltiError(f"a value of another type: found {name} = {value!r}, wanted {kind}") from None

    @cached_property
    def _rests(self) -> dict[str, frozenset[str]]:
        """By trait and segment of the project, all names that it rests on, those of other traits and segments followed."""
        said = self._info["definitions"]
        texts = {str(name): _text(one, "value") for name, one in _pairs(said.get("traits"))}
        texts |= {str(name): _text(one, "who") for name, one in _pairs(said.get("segments"))}
        under: dict[str, frozenset[str]] = {}
        for name, text in texts.items():
            tree = parse(text) if text else None
            members = {part.segment for part in walk(tree) if isinstance(part, Member)} if tree is not None else set()
            under[name] = frozenset(names_in(tree) | members) if tree is not None else frozenset()
        for _ in range(len(under)):
            wider = {name: one.union(*(under.get(each, one) for each in one)) for name, one in under.items()}
            if wider == under:
                break
            under = wider
        return under

    @cached_property
    def _types(self) -> dict[str, Type]:
        there = {*self._customers[0].schema.names, *self._standing.schema.names}
        return {name: Type(kind) for name, kind in self._info["types"].items() if name in there}

    @cached_property
    def _titles(self) -> frozenset[str]:
        return frozenset(self._folder.table("segments", columns=["segment"])["segment"].to_pylist())

    @cached_property
    def _customers(self) -> tuple[pa.Table, dict[str, int]]:
        table = self._folder.table("customers").combine_chunks()
        return table, {one: row for row, one in enumerate(table["customer_id"].to_pylist())}

    @cached_property
    def _rules(self) -> dict[str, dict[str, _Rule]]:
        """The rules and headrooms of treatments, as far as they speak of nothing but what the run publishes."""
        words = Vocabulary({}, self._types, self._currency, segments=self._titles, time_zone=self._info["time_zone"])
        constants = {one["key"]: one["raw"] for one in self._info["fitted"]}
        found: dict[str, dict[str, _Rule]] = {}
        for name, texts in self._info["plan"]["rules"].items():
            found[name] = {}
            for what, text in texts.items():
                ready = check(parse(text), words)
                cuts = [part for part in walk(ready.node) if isinstance(part, Quantile)]
                if not ready.problems and all(write(one) in constants for one in cuts):
                    fitted = {one: constants[write(one)] for one in cuts}
                    found[name][what] = _Rule(ready.node, frozenset(names_in(ready.node)), fitted)
        return found


class _Words:
    """A column of text as codes, so that one value costs next to nothing."""

    def __init__(self, column: pa.Array | pa.ChunkedArray) -> None:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        coded = whole.dictionary_encode()
        self._words: list[str | None] = [*coded.dictionary.to_pylist(), None]
        self._codes: list[int] = np.asarray(
            coded.indices.fill_null(len(self._words) - 1).to_numpy(zero_copy_only=False)
        ).tolist()

    def __getitem__(self, row: int) -> str | None:
        return self._words[self._codes[row]]


class _Kept:
    """What a run keeps of its customers, laid out so that one customer is read in a few microseconds."""

    def __init__(self, standing: pa.Table, options: pa.Table, rows: Mapping[str, int]) -> None:
        owners = np.array([rows[one] for one in options["customer_id"].to_pylist()], dtype=np.int64)
        self._ends = np.searchsorted(owners, np.arange(len(rows) + 1)).tolist()
        self._actions, self._why = _Words(options["action"]), _Words(options["why"])
        self._gains = [
            np.asarray(options[name].to_numpy(), dtype=np.float64)
            for name in ("expected", "expected_low", "expected_high")
        ]
        self._spans = [_whole(options[name]) for name in ("earliest", "latest")]
        self._zone, self._before = _Words(standing["zone"]), _Words(standing["before"])
        self._hours = {name.removeprefix(HOUR): _whole(standing[name]) for name in _named(standing, HOUR)}
        self._groups = {name.removeprefix(GROUP): _Words(standing[name]) for name in _named(standing, GROUP)}
        segments, touches = standing["segments"].combine_chunks(), standing["touches"].combine_chunks()
        self._segment_ends, self._segments = segments.offsets.to_pylist(), _Words(segments.values)
        self._touch_ends, self._touched = touches.offsets.to_pylist(), _whole(touches.values.field("at"))
        self._by, self._purpose = (_Words(touches.values.field(name)) for name in ("channel", "purpose"))

    def standing(self, customer: str, row: int) -> Standing:
        """Give what is kept of the customer in a row."""
        offers = {str(self._actions[one]): self._offer(one) for one in range(self._ends[row], self._ends[row + 1])}
        hers = range(self._segment_ends[row], self._segment_ends[row + 1])
        lately = range(self._touch_ends[row], self._touch_ends[row + 1])
        return Standing(
            customer=customer,
            offers=offers,
            segments=frozenset(str(self._segments[one]) for one in hers),
            groups={name: group for name, words in self._groups.items() if (group := words[row]) is not None},
            zone=self._zone[row],
            hours={name: int(hours[row]) for name, hours in self._hours.items() if hours[row] != _NOTHING},
            before=self._before[row],
            touches=tuple((int(self._touched[one]), self._by[one] or "", self._purpose[one] or "") for one in lately),
        )

    def _offer(self, place: int) -> Offer:
        gain, low, high = (float(one[place]) for one in self._gains)
        earliest, latest = (None if one[place] == _NOTHING else int(one[place]) for one in self._spans)
        return Offer(gain, low, high, str(self._why[place]), earliest, latest)


def _pairs(said: Any) -> Iterable[tuple[str, Any]]:
    """Give definitions by name, which are kept as a mapping or as pairs."""
    return said.items() if isinstance(said, Mapping) else tuple(said or ())


def _text(definition: Any, part: str) -> str | None:
    found = definition.get(part) if isinstance(definition, Mapping) else definition
    return found if isinstance(found, str) else None


def _named(table: pa.Table, before: str) -> list[str]:
    return [name for name in table.column_names if name.startswith(before)]


def _whole(column: pa.Array | pa.ChunkedArray) -> Integers:
    """Give a column of whole numbers or instants, `_NOTHING` where it is missing."""
    return np.asarray(column.cast(pa.int64()).fill_null(_NOTHING).to_numpy(), dtype=np.int64)


def _instant(moment: datetime) -> Instant:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def _truth(value: Any) -> bool:
    """Read true or false, written as people write it too.

    >>> _truth("yes"), _truth(False)
    (True, False)
    """
    text = str(value).strip().lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise ValueError(value)
