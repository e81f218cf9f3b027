"""The quality gate on a project: evidence gathered, every segmentation tested, verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.clock import Clock
from smalti.engine.evidence import Looked, Past, look
from smalti.engine.experimenting import weigh
from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.options import Options
from smalti.engine.reckoning import Facts, Reckoned, read_facts
from smalti.engine.resampling import labels_refitted, members_by_old_cuts, members_resampled
from smalti.errors import nearest
from smalti.facts import CUSTOMERS, ORDERS, Instant, Type, format_instant
from smalti.project import Origin, Project, Work
from smalti.rules import Aggregate, Compare, In, Literal, Member, Name, Node, names_in, walk
from smalti.segments import Segment, members_of
from smalti.segments.quality import (
    Bars,
    Evidence,
    Finding,
    Grouping,
    Later,
    Unmet,
    Verdict,
    durable,
    examine,
    listed,
    niches,
    redundant,
    stable,
    stale,
    unshown,
    verdict,
    worst_first,
)
from smalti.store import Store
from smalti.strategy import VALUE_COLUMNS
from smalti.strategy.peers import Booleans, Floats, Integers

GATE = Work("quality", "test every segmentation before it is used")
"""The step of a run that is the gate."""
_RESAMPLED = 4_000
"""Customers whose places are looked up by the cuts of each resample, at most."""
_REFITS = 20
"""How often crossings, splits and groups are fitted anew: two to a pair."""
_FEWEST = 50
"""With fewer customers, drawing them again says nothing."""
_VALUED: set[tuple[str, str | None]] = {(ORDERS.name, None), (ORDERS.name, "revenue")}
"""What the value map is made of, above all."""
_NUMBERS = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION)


@dataclass(frozen=True)
class Quality:
    """What the gate found.

    Attributes:
        at: The as-of instant.
        since: The earlier instant as of which customers were put into segments to see what came later; None without facts
            from long enough ago.
        customers: How many customers there are.
        looked_at: How many of them were looked at.
        outcome: What segments should tell apart, in the language; None where there was nothing to ask for.
        findings: All findings, the worst first.
        verdicts: One for each segmentation, in the order of definition.
        bars: What was asked.
    """

    at: Instant
    since: Instant | None
    customers: int
    looked_at: int
    outcome: str | None
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    bars: Bars

    def info(self) -> dict[str, Any]:
        """Give what ``run.json`` says of it."""
        required = self.bars.required
        return {
            "as_of": format_instant(self.at),
            "since": format_instant(self.since) if self.since is not None else None,
            "customers": self.customers,
            "looked_at": self.looked_at,
            "outcome": self.outcome,
            "passed": self.passed,
            "verdicts": [
                {
                    "segmentation": one.segmentation,
                    "passed": one.passed,
                    "passed_tests": list(one.shown),
                    "failed": list(one.failed),
                    "not_shown": list(one.not_shown),
                    "required_not_shown": [test for test in one.not_shown if test in required],
                }
                for one in self.verdicts
            ],
        }

    def table(self) -> pa.Table:
        """Give the findings as a table, the worst first."""
        texts = ("test", "segmentation", "segment", "severity", "measure")
        kinds = dict.fromkeys(texts, pa.string()) | dict.fromkeys(("value", "low", "high"), pa.float64())
        kinds |= dict.fromkeys(("found", "advice"), pa.string())
        schema = pa.schema(list(kinds.items()))
        return pa.Table.from_pylist([asdict(one) for one in self.findings], schema=schema)

    @property
    def passed(self) -> bool:
        """Whether every segmentation passed."""
        return all(one.passed for one in self.verdicts)


def assess(store: Store, facts: Facts) -> Quality:
    """Test all segmentations of a project.

    Args:
        store: Where the facts are; nothing in it is changed.
        facts: The facts and the project.

    Raises:
        SmaltiError: There is no customer yet, or the project's outcome cannot be understood.
    """
    with look(store, facts) as looked:
        gate = _Gate(facts, looked)
        groupings = [gate.grouping(name, looked.now) for name in gate.names]
        findings = [finding for grouping in groupings for finding in gate.of(grouping)]
        findings += gate.not_there()
        findings += redundant(groupings, gate.bars)
        findings += gate.niches(groupings)
    verdicts = tuple(verdict(name, findings, gate.bars) for name in gate.all_names)
    since = looked.past[0].reckoned.at if looked.past else None
    number = looked.now.traits.num_rows
    return Quality(
        facts.at, since, looked.customers, number, looked.outcome, tuple(worst_first(findings)), verdicts, gate.bars
    )


def assess_project(
    project: Project,
    options: Options | None = None,
    *,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> Quality:
    """Read a project's facts and test all its segmentations; nothing is published.

    Args:
        project: The project.
        options: As of when, and where its files are.
        origin: Where the definitions were written, for messages.
        progress: Told each step as it begins.

    Raises:
        SmaltiError: Sources cannot be read, or definitions are wrong.
    """
    options = options or Options()
    clock = Clock(progress)
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = weigh(store, read_facts(store, project, options, origin, clock), proven=()).facts
        with clock.step(GATE):
            return assess(store, facts)


class _Gate:
    """The segmentations of a project with the evidence about them."""

    def __init__(self, facts: Facts, looked: Looked) -> None:
        self.facts, self.looked = facts, looked
        self.bars: Bars = facts.project.quality.bars
        self.seed = facts.project.seed
        self.names = tuple(dict.fromkeys(one.definition.segmentation for one in looked.now.segments))
        fitted = (name for name, one in facts.prepared.segmentations.items() if one.way is not None)
        self.all_names = tuple(dict.fromkeys([*self.names, *fitted]))
        self._resampled = self._fitted_again()
        self._by_rules_of_now = [self._placed_then(one.reckoned) for one in looked.past]
        constants = looked.past[0].reckoned.computed.fitted if looked.past else {}
        self._by_old_cuts = members_by_old_cuts(looked.store, looked.now, facts.prepared.traits, constants)
        self._evidence = self._gathered()

    def grouping(self, name: str, reckoned: Reckoned) -> Grouping:
        """Give a segmentation as arrays."""
        segments = _of(name, reckoned.segments)
        member = np.stack([np.asarray(reckoned.answers[one.name]) for one in segments])
        return Grouping(name, tuple(one.name for one in segments), member, self._is_exclusive(name, member))

    def of(self, grouping: Grouping) -> list[Finding]:
        """Test one segmentation."""
        past, now = self.looked.past, self.looked.now
        rows, resampled = self._resampled
        later, then = self._later(grouping.name, past[0]) if past else None, None
        undated = self._undated(grouping.name)
        later = None if undated else later
        if past:
            then = self._same(grouping, past[0].reckoned, self._by_rules_of_now[0])
        return [
            *examine(grouping, self._evidence, later, self.bars, self.seed),
            *self._of_the_future(grouping.name, undated),
            *self._lacking(grouping.name),
            *stable(grouping.of(rows), resampled, self.bars, self._refitted(grouping)),
            *durable(grouping, *self._seen(grouping), self.bars),
            *stale(grouping, self._old(grouping), then, self._unmet(grouping.name, now), self.bars),
        ]

    def not_there(self) -> list[Finding]:
        """Tell the segmentations whose fit gave no segment."""
        notes = self.looked.now.notes
        return [
            unshown(
                "coverage",
                name,
                next((note.removeprefix(f"{name}: ") for note in notes if note.startswith(name)), "it has no segment")
                + ".",
                "Give it other traits, fewer groups or smaller parts.",
            )
            for name in self.all_names
            if name not in self.names
        ]

    def _lacking(self, name: str) -> list[Finding]:
        """Tell what a framework has too little of."""
        advice = "Wait until there is more, or use fewer segments with fixed cuts."
        return [
            Finding(
                "enough_data", name, None, "fail", "data the framework rests on", None, None, None, f"{lack}.", advice
            )
            for lack in self.facts.lacking.get(name, ())
        ]

    def _undated(self, name: str) -> list[str]:
        """Give the attributes without a date that a segmentation rests on, unless the project says that they last."""
        source = dict(self.facts.project.sources).get(CUSTOMERS.name)
        if source is None or source.at is not None:
            return []
        attributes = self.facts.loaded.streams[CUSTOMERS.name].names
        suspect = set(attributes) - set(self.facts.project.quality.lasting)
        rests = set().union(*(self._rests_on(one.node) for one in _of(name, self.looked.now.segments)))
        return sorted(rests & suspect)

    def _of_the_future(self, name: str, undated: Sequence[str]) -> list[Finding]:
        if not undated:
            return []
        found = f"It rests on {listed(undated)}, which carry no date: they may know what came later."
        advice = "Name the column that says since when with `at:`, or the attributes that last under `quality: {lasting: ...}`."
        return [unshown("relevant", name, found, advice)]

    def niches(self, groupings: Sequence[Grouping]) -> list[Finding]:
        """Look for small groups with much of the money that nobody has a segment for."""
        now = self.looked.now
        member = np.concatenate([one.member for one in groupings]) if groupings else None
        traits = {}
        for trait in self.facts.prepared.traits:
            if trait.type is Type.MONEY or self._tells_money(trait.node):
                continue
            column = now.traits[trait.name]
            if trait.type is Type.TEXT:
                traits[trait.name] = np.asarray(column.to_pylist(), dtype=object)
            elif trait.type is Type.BOOLEAN and not column.null_count:
                traits[trait.name] = np.asarray(column)
            elif trait.type in (Type.INTEGER, Type.NUMBER):
                traits[trait.name] = to_floats(column)
        return niches(traits, self._evidence.money, member, self.bars, self.seed)

    def _is_exclusive(self, name: str, member: Booleans) -> bool:
        """Whether nobody is meant to be in two: as the project says, or as framework or fit have it, or as it is."""
        definition = self.facts.prepared.segmentations.get(name)
        if definition is not None and definition.exclusive is not None:
            return definition.exclusive
        written = name in {one.name for one in self.facts.prepared.frameworks} or (
            definition is not None and definition.way in ("split", "group")
        )
        return written or bool((member.sum(axis=0) <= 1).all())

    def _fitted_again(self) -> tuple[Integers, dict[str, Booleans] | None]:
        looked, settings = self.looked, self.facts.project.quality
        number = looked.now.traits.num_rows
        if number < _FEWEST:
            return np.arange(number), None
        draw = np.random.default_rng([self.seed, 4])
        rows = np.sort(draw.choice(number, min(number, _RESAMPLED), replace=False))
        weights = draw.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=settings.resamples)
        traits = self.facts.prepared.traits
        return rows, members_resampled(looked.store, looked.now, traits, rows, weights.astype(np.float64))

    def _refitted(self, grouping: Grouping) -> Integers | None:
        """Fit a segmentation anew that is fitted, and does not rest on fitted cuts alone, to resampled customers."""
        rows, resampled = self._resampled
        definition = self.facts.prepared.segmentations.get(grouping.name)
        held = resampled is None or set(grouping.segments) & resampled.keys()
        if definition is None or definition.way is None or (held and definition.way == "cross") or resampled is None:
            return None
        draw = np.random.default_rng([self.seed, 5])
        draws = draw.integers(0, len(rows), (_REFITS, len(rows)))
        looked = self.looked
        return labels_refitted(looked.store, looked.now, self.facts.prepared, grouping.name, rows, draws, self.seed)

    def _gathered(self) -> Evidence:
        now = self.looked.now
        prepared = self.facts.prepared
        numbers = {one.name: to_floats(now.traits[one.name]) for one in prepared.traits if one.type in _NUMBERS}
        valued = {name: now.values.columns[name] for name, (kind, _) in VALUE_COLUMNS.items() if kind in _NUMBERS}
        values = {name: column for name, column in valued.items() if not np.isnan(column).all()}
        values |= self._scores(now)
        gains = np.stack([np.where(one.eligible, one.gain, -np.inf) for one in now.options])
        used = {one.name: self._restated(one.node) for one in now.segments}
        declared = {one.name: (one.definition.strategy, frozenset(one.definition.channels)) for one in now.segments}
        return Evidence(
            traits=numbers | values,
            used=used,
            money=now.values.columns["value_now"],
            channels=now.channels,
            gains=gains,
            options=[one.name for one in now.options],
            declared=declared,
        )

    def _scores(self, now: Reckoned) -> dict[str, Floats]:
        """Give the project's scores that are numbers, as far as they were reckoned."""
        if now.foreseen is None:
            return {}
        columns, types = now.foreseen.columns, self.facts.prepared.types
        return {name: to_floats(columns[name]) for name in columns.column_names[1:] if types[name] in _NUMBERS}

    def _later(self, name: str, past: Past) -> Later | None:
        if past.outcome is None or not _of(name, past.reckoned.segments):
            return None
        return Later(self.grouping(name, past.reckoned), past.outcome)

    def _same(self, grouping: Grouping, then: Reckoned, fitted: Mapping[str, pa.ChunkedArray]) -> Grouping:
        """Give the same segments at another instant; one that was not there then is empty."""
        nobody = pa.array(np.zeros(then.traits.num_rows, dtype=np.bool_))
        there = {name: then.answers[name] for name in then.answers.column_names} | dict(fitted)
        member = [np.asarray(there.get(one, nobody)) for one in grouping.segments]
        return Grouping(grouping.name, grouping.segments, np.stack(member), grouping.exclusive)

    def _placed_then(self, then: Reckoned) -> Mapping[str, pa.ChunkedArray]:
        """Answer the rules that were fitted now as of an earlier instant: so people move, and not the rules."""
        ways = self.facts.prepared.segmentations
        fitted = [
            one
            for one in self.looked.now.segments
            if one.definition.segmentation in ways and ways[one.definition.segmentation].way is not None
        ]
        if not fitted:
            return {}
        known = replace(then.computed, segments=self.looked.now.computed.segments)
        answers = members_of(self.looked.store, known, fitted, then.at)
        return {one.name: answers[one.name] for one in fitted}

    def _seen(self, grouping: Grouping) -> tuple[list[Grouping], list[float]]:
        """Give the same customers at all instants, the earliest first."""
        past, now = self.looked.past, self.looked.now
        if not past:
            return [], []
        known = past[0].reckoned.traits["customer_id"].combine_chunks()
        seen = []
        for reckoned, fitted in zip([*(one.reckoned for one in past), now], [*self._by_rules_of_now, {}], strict=True):
            places = pc.index_in(known, value_set=reckoned.traits["customer_id"].combine_chunks())
            seen.append(self._same(grouping, reckoned, fitted).of(np.asarray(places, dtype=np.int64)))
        return seen, [*(-one.days for one in past), 0.0]

    def _old(self, grouping: Grouping) -> Grouping | None:
        if not set(grouping.segments) & self._by_old_cuts.keys():
            return None
        member = [
            self._by_old_cuts[one][0] if one in self._by_old_cuts else grouping.member[place]
            for place, one in enumerate(grouping.segments)
        ]
        return Grouping(grouping.name, grouping.segments, np.stack(member), grouping.exclusive)

    def _unmet(self, name: str, now: Reckoned) -> list[Unmet]:
        """Find values of text that rules ask for and no customer has."""
        texts = {one.name for one in self.facts.prepared.traits if one.type is Type.TEXT}
        found = []
        for segment in _of(name, now.segments):
            for trait, value in sorted(_values_asked_for(segment.node)):
                if trait not in texts:
                    continue
                there = now.traits[trait].unique().drop_null().to_pylist()
                if value not in there:
                    found.append(Unmet(segment.name, trait, value, nearest(value, there)))
        return found

    def _rests_on(self, tree: Node) -> set[str]:
        """Give the traits that a rule rests on, itself or through others."""
        trees = {one.name: one.node for one in self.facts.prepared.traits}
        rules = {one.name: one.node for one in self.looked.now.segments}
        found: set[str] = set()
        asked: set[str] = set()
        edge = [tree]
        while edge:
            node = edge.pop()
            names = names_in(node) - found
            found |= names
            edge += [trees[name] for name in sorted(names & trees.keys())]
            members = {part.segment for part in walk(node) if isinstance(part, Member)} - asked
            asked |= members
            edge += [rules[name] for name in sorted(members & rules.keys())]
        return found

    def _restated(self, rule: Node) -> set[str]:
        """Give the traits and values that a rule rests on, or that are made of nothing but what it reads."""
        rests, read = self._rests_on(rule), self._reads(rule)
        same = {one.name for one in self.facts.prepared.traits if (mine := self._reads(one.node)) and mine <= read}
        values = set(VALUE_COLUMNS) if read & _VALUED else set()
        foretold = self.facts.prepared.scores
        values |= {name for one in foretold if read & {(stream, None) for stream in one.streams} for name in one.types}
        return rests | same | values

    def _reads(self, tree: Node) -> set[tuple[str, str | None]]:
        """Give the streams and columns that a tree reads, itself or through traits and segments."""
        trees = {one.name: one.node for one in self.facts.prepared.traits}
        rests = self._rests_on(tree)
        every = [tree, *(trees[name] for name in sorted(rests & trees.keys())), *self._rules_behind(tree)]
        parts = [part for one in every for part in walk(one) if isinstance(part, Aggregate)]
        return (
            {(part.stream, None if part.column == "at" else part.column) for part in parts}
            | (_VALUED if rests & VALUE_COLUMNS.keys() else set())
            | {
                (stream, None)
                for one in self.facts.prepared.scores
                if rests & one.types.keys()
                for stream in one.streams
            }
        )

    def _rules_behind(self, tree: Node) -> list[Node]:
        """Give the rules of the segments that a tree asks membership of, themselves or through others."""
        rules = {one.name: one.node for one in self.looked.now.segments}
        found: dict[str, Node] = {}
        edge = [tree]
        while edge:
            asked = {
                part.segment for part in walk(edge.pop()) if isinstance(part, Member)
            } & rules.keys() - found.keys()
            found |= {name: rules[name] for name in sorted(asked)}
            edge += [rules[name] for name in sorted(asked)]
        return list(found.values())

    def _tells_money(self, tree: Node) -> bool:
        """Whether a trait is made of money, itself or through others."""
        streams, trees = self.facts.loaded.streams, {one.name: one.node for one in self.facts.prepared.traits}
        every = [tree, *(trees[name] for name in sorted(self._rests_on(tree) & trees.keys()))]
        return any(
            isinstance(part, Aggregate)
            and part.column not in (None, "at")
            and part.stream != CUSTOMERS.name
            and streams[part.stream][str(part.column)].type is Type.MONEY
            for one in every
            for part in walk(one)
        )


def _of(name: str, segments: Sequence[Segment]) -> list[Segment]:
    return [one for one in segments if one.definition.segmentation == name]


def _values_asked_for(tree: Node) -> set[tuple[str, str]]:
    found = set()
    for part in walk(tree):
        match part:
            case Compare("=", Name(name), Literal(str(value))) | Compare("=", Literal(str(value)), Name(name)):
                found.add((name, value))
            case In(Name(name), options):
                found |= {
                    (name, one.value) for one in options if isinstance(one, Literal) and isinstance(one.value, str)
                }
    return found
