"""Scores against what they speak of: everything that is wrong with them, and made ready where nothing is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeGuard

from smalti.errors import DefinitionError, Problem, nearest
from smalti.facts import CUSTOMERS, ORDER_ITEMS, ORDERS, Type
from smalti.project.coming import measured, what_comes
from smalti.project.definition import Project
from smalti.project.names import KEPT, MODELS, clashes
from smalti.project.scores import CHANCE, FORETOLD, PERIODS, ScoreDefinition, near_word
from smalti.rules import (
    Aggregate,
    Call,
    Member,
    Name,
    Node,
    Quantile,
    Score,
    Vocabulary,
    certainty,
    check,
    names_in,
    parse,
    walk,
    write_name,
)
from smalti.strategy import VALUE_COLUMNS
from smalti.traits import Trait

Told: TypeAlias = tuple[Problem, tuple[str | int, ...], str]
"""A problem, the path of the definition it is of, and whose it is."""
LATER = "a trait; scores are learnt from the traits, so use it in segments and strategies"
"""Why neither a trait nor what a score rests on can speak of a score."""
_MORE = {"next_category": (CHANCE,), "renewal": (PERIODS,)}
"""What stands behind a score's name in the names of its further columns."""
_OF_ORDERS = {"purchase": "any(orders)", "churn": "not any(orders)", "spend": "sum(orders.revenue)"}


@dataclass(frozen=True)
class Foretelling:
    """A score made ready.

    Attributes:
        name: Its name, that of its column.
        definition: What it is, as it was written.
        types: Its columns with their types: itself and, of text, the chance of that text.
        outcome: What is to come, in the language, windows as they were written; None of renewal and look-alikes.
        customers: For whom it is foretold; None where it is everybody that the model can say something of.
        inputs: The traits and attributes it is learnt from.
        undated: Attributes left out since they carry no date, and traits that rest on them.
        hindsight: Attributes without a date by which customers are chosen or the outcome is told, in order of name.
        task: Of what is learnt: a chance, an amount, or which of several texts.
        streams: The streams that the outcome speaks of, in order of name.
        currency: The ISO code of its money; None of what is not money.
    """

    name: str
    definition: ScoreDefinition
    types: Mapping[str, Type]
    outcome: Node | None = None
    customers: Node | None = None
    inputs: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    hindsight: tuple[str, ...] = ()
    task: Literal["chance", "amount", "category"] = "chance"
    streams: tuple[str, ...] = ()
    currency: str | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.title or self.name.replace("_", " ")

    @property
    def titles(self) -> dict[str, str]:
        """What its columns are called."""
        told = {self.name + CHANCE: f"chance of {self.title}", self.name + PERIODS: f"{self.title}, periods to come"}
        return {self.name: self.title} | {name: title for name, title in told.items() if name in self.types}


def columns_of(project: Project) -> dict[str, str]:
    """Give the names of all columns that scores have, each with its score.

    >>> columns_of(Project(scores={"next": {"predict": "next_category", "within": "90 days"}}))
    {'next': 'next', 'next_chance': 'next'}
    """
    found: dict[str, str] = {}
    for name, one in project.scores:
        found |= dict.fromkeys((name, *(name + end for end in _MORE.get(one.kind, ()))), name)
    return found


@dataclass(frozen=True)
class Ground:
    """What scores may speak of.

    Attributes:
        project: The project.
        traits: Attributes and traits, made ready.
        rules: The rules of written segments, as they were read.
        early: What rules may speak of that know neither scores nor the value map.
        brought: What has each name that is not the project's own, in words.
    """

    project: Project
    traits: Sequence[Trait]
    rules: Mapping[str, Node]
    early: Vocabulary
    brought: Mapping[str, str]

    @property
    def undated(self) -> frozenset[str]:
        """The attributes that carry no date and of which the project does not say that they last."""
        source = dict(self.project.sources).get(CUSTOMERS.name)
        if source is None or source.at is not None:
            return frozenset()
        return frozenset(self.early.attributes.names) - set(self.project.quality.lasting)


def foretellings(ground: Ground) -> tuple[list[Foretelling], list[Told]]:
    """Make all scores ready that nothing is wrong with; and tell what is wrong with the others."""
    problems = list(_names(ground))
    problems += _circles(ground)
    found = []
    for name, definition in ground.project.scores:
        making = _Making(ground, name, definition)
        made = making.made()
        problems += making.problems
        found += [made] if made is not None and not making.problems else []
    return found, problems


def _names(ground: Ground) -> Iterator[Told]:
    columns = columns_of(ground.project)
    segments = dict.fromkeys(ground.rules, "a segment")
    kept = KEPT | dict(ground.brought) | segments | dict.fromkeys(dict(ground.project.traits), "a trait")
    kept |= dict.fromkeys(ground.early.attributes.names, "an attribute") | MODELS
    for column, problem in clashes(columns, {}, kept):
        yield problem, ("scores", columns[column], "key"), f"score {columns[column]}"
    own = dict(ground.project.scores)
    for name, one in own.items():
        for column in {name + end for end in _MORE.get(one.kind, ())} & own.keys():
            problem = Problem(f"score {name} has a column of this name", column, "another")
            yield problem, ("scores", column, "key"), f"score {column}"


def _circles(ground: Ground) -> Iterator[Told]:
    """Find scores that wait for one another: those of a segment's look-alikes, by way of its rule."""
    of_column = columns_of(ground.project)
    likes = {name: one.like for name, one in ground.project.scores if one.like is not None}
    needs = {name: set(_spoken(ground.rules, like)) for name, like in likes.items()}
    waits = {
        name: {of_column[one] for one in found if one in of_column} & likes.keys() for name, found in needs.items()
    }
    for name, like in likes.items():
        seen: set[str] = set()
        edge = set(waits[name])
        while edge - seen:
            seen |= edge
            edge = {after for one in edge for after in waits[one]}
        if name in seen:
            problem = Problem("scores that need each other in a circle", f"{name} -> segment {like}", "none")
            yield problem, ("scores", name, "like"), f"score {name}"


def _spoken(rules: Mapping[str, Node], segment: str) -> Iterator[str]:
    """Give the names that a segment's rule speaks of, itself or by membership in others."""
    seen: set[str] = set()
    edge = {segment}
    while edge - seen:
        seen |= edge
        trees = [rules[one] for one in sorted(edge & rules.keys())]
        for tree in trees:
            yield from names_in(tree)
            yield from (part.name for part in walk(tree) if isinstance(part, Score))
        edge = {part.segment for tree in trees for part in walk(tree) if isinstance(part, Member)}


class _Making:
    """One score on its way, with what is wrong with it."""

    def __init__(self, ground: Ground, name: str, definition: ScoreDefinition) -> None:
        self.ground, self.name, self.definition = ground, name, definition
        self.problems: list[Told] = []

    def made(self) -> Foretelling | None:
        """Give the score made ready, as far as it can be."""
        kind = self.definition.kind
        inputs, undated = self._inputs()
        bare = Foretelling(
            self.name, self.definition, {self.name: Type.NUMBER}, None, self._customers(), inputs, undated
        )
        if kind == "like":
            return self._alike(bare)
        if kind == "effect":
            return self._effect(bare)
        if kind == "renewal":
            return self._renewal(bare)
        return self._learnt(bare)

    def _wrong(self, problem: Problem, *inner: str | int) -> None:
        self.problems.append((problem, ("scores", self.name, *inner), f"score {self.name}"))

    def _alike(self, bare: Foretelling) -> Foretelling:
        segment = str(self.definition.like)
        if segment not in self.ground.rules:
            known = ", ".join(sorted(self.ground.rules))
            wanted = f"one of {known}" if known else "a segment that the project has"
            self._wrong(Problem("unknown segment", segment, wanted, nearest(segment, self.ground.rules)), "like")
        return bare

    def _effect(self, bare: Foretelling) -> Foretelling:
        """Check an effect against its experiment; what is wrong with that is told of the experiment."""
        experiments, one = dict(self.ground.project.experiments), self.definition
        if one.effect not in experiments:
            wanted = f"one of {', '.join(experiments)}" if experiments else "an experiment; the project has none"
            problem = Problem("unknown experiment", str(one.effect), wanted, nearest(str(one.effect), experiments))
            self._wrong(problem, "effect")
            return bare
        tried = experiments[one.effect]
        treated = [name for name, _ in tried.treated]
        if one.arm is None and len(treated) > 1:
            self._wrong(Problem("'arm' is missing", wanted=f"one of {', '.join(treated)}"))
        elif one.arm is not None and one.arm not in treated:
            wanted = f"one of {', '.join(treated)}, held against {tried.control}"
            self._wrong(Problem("unknown arm", one.arm, wanted, nearest(one.arm, treated)), "arm")
        if one.outcome is not None and one.outcome not in tried.outcomes:
            wanted = f"one of {', '.join(tried.outcomes)}"
            self._wrong(
                Problem("unknown outcome", one.outcome, wanted, nearest(one.outcome, tried.outcomes)), "outcome"
            )
            return bare
        written = tried.outcomes[one.outcome or next(iter(tried.outcomes))]
        ground = self.ground
        coming = measured(written, tried.within, ground.early, ground.traits, ground.undated)
        kind = Type.MONEY if coming.kind is Type.MONEY else Type.NUMBER
        return replace(bare, types={self.name: kind}, currency=coming.currency, task="amount")

    def _renewal(self, bare: Foretelling) -> Foretelling:
        kinds = {one.name: one.type for one in self.ground.traits}
        for setting in ("started", "ended"):
            name = getattr(self.definition, setting)
            if name not in kinds:
                wanted = "an attribute or trait that is an instant"
                self._wrong(Problem("unknown trait", name, wanted, nearest(name, kinds)), setting)
            elif kinds[name] is not Type.INSTANT:
                self._wrong(
                    Problem("not an instant", f"{name} ({kinds[name]})", "an attribute or trait that is"), setting
                )
        return replace(bare, types=dict.fromkeys((self.name, self.name + PERIODS), Type.NUMBER))

    def _learnt(self, bare: Foretelling) -> Foretelling | None:
        outcome, kind, currency = self._outcome()
        if outcome is None or kind is None:
            return None
        types = {self.name: kind if kind in (Type.MONEY, Type.TEXT) else Type.NUMBER}
        types |= {self.name + CHANCE: Type.NUMBER} if kind is Type.TEXT else {}
        spoken = {part.stream for part in walk(outcome) if isinstance(part, Aggregate)}
        streams = tuple(sorted(spoken - {CUSTOMERS.name} or spoken))
        customers = bare.customers
        if customers is None and self.definition.customers is None and streams:
            asked = " or ".join(f"any({write_name(one)})" for one in streams)
            customers = check(parse(asked), self.ground.early).node
        trees = [tree for tree in (bare.customers, outcome) if tree is not None]
        bare = replace(bare, hindsight=undated_behind(trees, self.ground))
        ready = replace(bare, types=types, outcome=outcome, customers=customers, streams=streams, currency=currency)
        return replace(ready, task={Type.BOOLEAN: "chance", Type.TEXT: "category"}.get(kind, "amount"))  # type: ignore[arg-type]

    def _outcome(self) -> tuple[Node | None, Type | None, str | None]:
        written = str(self.definition.predict).strip()
        if self.definition.kind == "rule":
            return self._rule(written)
        text = _OF_ORDERS.get(written) or self._category()
        lacking = [name for name in (ORDERS.name,) if name not in self.ground.early.streams]
        if text is None or lacking:
            needs = "the category of orders or of their lines" if text is None else "orders"
            self._wrong(Problem(f"{written} needs {needs}, which the data does not give"), "predict")
            return None, None, None
        checked = check(parse(text), self.ground.early)
        for problem in checked.problems:
            self._wrong(Problem(f"{written} cannot be foretold: {problem}"), "predict")
        return (None if checked.problems else checked.node), checked.type, checked.currency

    def _category(self) -> str | None:
        streams = self.ground.early.streams
        named = (one for one in (ORDER_ITEMS.name, ORDERS.name) if one in streams and "category" in streams[one])
        return next((f"first({one}.category)" for one in named), None)

    def _rule(self, written: str) -> tuple[Node | None, Type | None, str | None]:
        trees = {one.name: one.node for one in self.ground.traits}
        early = self.ground.early
        try:
            tree = parse(written)
        except DefinitionError as error:
            for problem in error.problems:
                self._wrong(problem, "predict")
            return None, None, None
        if isinstance(tree, Name) and tree.name not in trees and tree.name not in early.later:
            wanted = f"one of {', '.join(FORETOLD)}, or a rule or number about what comes"
            self._wrong(Problem("unknown outcome", tree.name, wanted, near_word(tree.name)), "predict")
            return None, None, None
        coming = what_comes(written, str(self.definition.within), early, self.ground.traits, self.ground.undated)
        for problem in coming.problems:
            self._wrong(problem, "predict")
        return coming.node, coming.kind, coming.currency

    def _customers(self) -> Node | None:
        written = self.definition.customers
        if written is None:
            return None
        try:
            tree = parse(written)
            checked = check(tree, self.ground.early, wanted=Type.BOOLEAN)
        except DefinitionError as error:
            found: Sequence[Problem] = error.problems
        else:
            found = checked.problems or certainty(checked.node, tree)
            if not found:
                return checked.node
        for problem in found:
            self._wrong(problem, "customers")
        return None

    def _inputs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give what may be learnt from, and what is left out since it may know the future."""
        traits = {one.name: one for one in self.ground.traits}
        if self.definition.traits is not None:
            for place, name in enumerate(self.definition.traits):
                if name in traits:
                    continue
                known = [*traits, *VALUE_COLUMNS, *columns_of(self.ground.project)]
                what = "not known yet here" if name in known else "unknown trait"
                near = None if name in known else nearest(name, traits)
                self._wrong(Problem(what, name, "a trait or attribute", near), "traits", place)
            return tuple(name for name in self.definition.traits if name in traits), ()
        return usable_of(self.ground)


def usable_of(ground: Ground) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the traits that something may be learnt from, and what is left out since it may know the future."""
    traits, rules = {one.name: one for one in ground.traits}, ground.rules
    undated = [name for name in traits if _reads(name, traits, rules, ground.undated)]
    said = {one.node.arguments[0] for one in traits.values() if _is_age(one.node)}
    usable = [
        name
        for name, one in traits.items()
        if name not in undated and Name(name) not in said and not _is_fitted(name, traits)
    ]
    return tuple(usable), tuple(undated)


def undated_behind(trees: Iterable[Node], ground: Ground) -> tuple[str, ...]:
    """Give the attributes without a date that trees rest on, in order of name."""
    traits = {one.name: one for one in ground.traits}
    parts = [part for tree in trees for part in _under(tree, traits, ground.rules)]
    asked = {part.name for part in parts if isinstance(part, Name)}
    asked |= {str(part.column) for part in parts if isinstance(part, Aggregate) and part.stream == CUSTOMERS.name}
    return tuple(sorted(asked & ground.undated))


def _behind(name: str, traits: Mapping[str, Trait], rules: Mapping[str, Node]) -> Iterator[Node]:
    """Give every part of a trait's tree, and of all that it rests on."""
    return _under(traits[name].node, traits, rules)


def _under(tree: Node, traits: Mapping[str, Trait], rules: Mapping[str, Node]) -> Iterator[Node]:
    """Give every part of a tree, and of all that it rests on."""
    seen: set[str] = set()
    edge: list[tuple[str, Node]] = [("", tree)]
    while edge:
        key, tree = edge.pop()
        if key in seen:
            continue
        seen.add(key)
        for part in walk(tree):
            yield part
            if isinstance(part, Name) and part.name in traits:
                edge.append((part.name, traits[part.name].node))
            elif isinstance(part, Member) and part.segment in rules:
                edge.append((f"segment {part.segment}", rules[part.segment]))


def _reads(name: str, traits: Mapping[str, Trait], rules: Mapping[str, Node], undated: Collection[str]) -> bool:
    """Whether a trait rests on an attribute without a date."""
    if not undated:
        return False
    return any(
        (
            isinstance(part, Aggregate)
            and part.stream == CUSTOMERS.name
            and (part.column is None or part.column in undated)
        )
        or (isinstance(part, Name) and part.name in undated)
        for part in _behind(name, traits, rules)
    )


def _is_age(node: Node) -> TypeGuard[Call]:
    """Whether a trait is the days since another: the instant itself then says nothing more."""
    return isinstance(node, Call) and node.function == "days_since" and isinstance(node.arguments[0], Name)


def _is_fitted(name: str, traits: Mapping[str, Trait]) -> bool:
    """Whether a trait rests on a fitted cut: it says less than what was cut."""
    return any(isinstance(part, Quantile) for part in _behind(name, traits, {}))
