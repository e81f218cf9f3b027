"""Experiments against what they speak of: everything that is wrong with them, and made ready where nothing is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from smalti.errors import DefinitionError, ModelError, Problem, nearest
from smalti.experiments.assignment import Arm, Experiment, HoldOut, Layer
from smalti.facts import ORDERS, Instant, Type, parse_instant
from smalti.project.coming import measured
from smalti.project.experiments import (
    ALONE,
    EVERYTHING,
    HOLD_OUT,
    NOTHING,
    WORDS,
    ExperimentDefinition,
    LayerDefinition,
)
from smalti.project.foretelling import Foretelling, Ground, Told, undated_behind, usable_of
from smalti.project.names import clashes
from smalti.rules import Member, Name, Node, Score, Vocabulary, certainty, check, names_in, parse, walk
from smalti.strategy import DO_NOT_TARGET, LEAVE_ALONE

_NUMBERS = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.BOOLEAN, Type.DURATION)
_GROUPS = (Type.TEXT, Type.BOOLEAN)


@dataclass(frozen=True)
class Measured:
    """An outcome of an experiment, made ready.

    Attributes:
        name: Its name.
        node: It, in the language.
        kind: Its type: money, a number, or a condition, of which it is measured how often it is true.
        currency: The ISO code of its money, None of what is not money.
        word: The word of its own that it was written as, if it was.
    """

    name: str
    node: Node
    kind: Type
    currency: str | None = None
    word: str | None = None


@dataclass(frozen=True)
class Trial:
    """An experiment made ready.

    Attributes:
        name: Its name.
        definition: What it is, as it was written.
        design: How its arms are drawn; strata have yet to be fitted.
        who: Who may take part, asked as of the start; None where it is everybody.
        outcomes: What is measured, the one that decides first.
        start: When it starts, None where its first touch says.
        end: When it ends, None where it is not said.
        strategies: By strategy the arm that tries it.
        inputs: The traits and attributes by which customers are told apart.
        undated: Attributes left out since they carry no date, and traits that rest on them.
        hindsight: By what it says of the time before the start, such as who takes part, the attributes without a date that
            this rests on.
        proves: Whether it is to be proven which policy is best; not of a hold-out, which tries none.
    """

    name: str
    definition: ExperimentDefinition
    design: Experiment
    who: Node | None
    outcomes: tuple[Measured, ...]
    start: Instant | None = None
    end: Instant | None = None
    strategies: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    hindsight: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proves: bool = True

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.title or self.name.replace("_", " ").capitalize()

    @property
    def salt(self) -> str:
        """What its draw is named by."""
        return self.definition.salt or self.name

    @property
    def arms(self) -> tuple[str, ...]:
        """Its arms, as they were written."""
        return tuple(name for name, _ in self.definition.arms)

    @property
    def decides(self) -> Measured:
        """The outcome that decides."""
        return self.outcomes[0]


@dataclass(frozen=True)
class TrialGround:
    """What experiments may speak of.

    Attributes:
        scores: What scores may speak of: the project, its traits, the rules of its segments.
        words: What rules may speak of, scores among it.
        strategies: By strategy, who is eligible for it, made ready.
        segmentations: All segmentations by name, with the names of their segments as far as they are written.
        foretold: The scores, made ready.
    """

    scores: Ground
    words: Vocabulary
    strategies: Mapping[str, Node]
    segmentations: Mapping[str, Collection[str]]
    foretold: tuple[Foretelling, ...] = ()


def trials(ground: TrialGround) -> tuple[list[Trial], list[Told]]:
    """Make all experiments ready that nothing is wrong with; and tell what is wrong with the others."""
    project = ground.scores.project
    problems = list(_names(ground)) + list(_layers(project.experiments)) + list(_salts(project.experiments))
    problems += list(_one_each(project.experiments)) + list(_held(ground))
    found = []
    for name, definition in project.experiments:
        making = _Making(ground, name, definition)
        made = making.made()
        problems += making.problems
        found += [made] if made is not None and not making.problems else []
    problems += list(_circles(ground, found))
    together = _everything_together(ground.scores)
    if together is not None:
        making = _Making(ground, HOLD_OUT, together, (HOLD_OUT,))
        made = making.made()
        problems += making.problems
        found += [replace(made, proves=False)] if made is not None and not making.problems else []
    return found, problems


def _everything_together(ground: Ground) -> ExperimentDefinition | None:
    """Give the experiment that the hold-out is: nothing against everything; None where it cannot be told since when."""
    project = ground.project
    held = project.hold_out
    starts = [one.start for _, one in project.experiments if one.start is not None]
    since = None if held is None else held.start or min(starts, key=parse_instant, default=None)
    if held is None or not held.share or since is None:
        return None
    if held.outcome is None and ORDERS.name not in ground.early.streams:
        return None
    return ExperimentDefinition(
        title="Everything together",
        why="Does all that is done work better than nothing?",
        arms={NOTHING: held.share, EVERYTHING: 1 - held.share},
        control=NOTHING,
        outcome=held.outcome or {"bought": "purchase", "spent": "spend"},
        within=held.within,
        start=since,
        salt=held.salt,
        against=(),
        traits=(),
        covariate=held.covariate,
    )


def _names(ground: TrialGround) -> Iterator[Told]:
    kept = {} if ground.scores.project.hold_out is None else {HOLD_OUT: "the hold-out of everything"}
    for name, problem in clashes(dict(ground.scores.project.experiments), {}, kept):
        yield problem, ("experiments", name, "key"), f"experiment {name}"


def _salts(experiments: Iterable[tuple[str, ExperimentDefinition]]) -> Iterator[Told]:
    """Two draws of one name would be one draw: whoever is in an arm of one were always in the same arm of the other."""
    seen: dict[str, str] = {}
    for name, one in experiments:
        salt = one.salt or name
        if salt in seen:
            problem = Problem(
                f"experiment {seen[salt]} draws with this salt, so their arms would go together", salt, "another"
            )
            yield problem, ("experiments", name, "salt" if one.salt else "key"), f"experiment {name}"
        seen.setdefault(salt, name)


def _held(ground: TrialGround) -> Iterator[Told]:
    """What is held out is a treatment or an arm of some experiment, or nobody is held out of anything."""
    project = ground.scores.project
    arms = {arm for _, one in project.experiments for arm, _ in one.arms} | dict(project.treatments).keys()
    for name, _ in project.hold_out.treatments if project.hold_out is not None else ():
        if name not in arms:
            wanted = f"a treatment or an arm of an experiment, one of {', '.join(sorted(arms))}"
            yield (
                Problem("unknown treatment", name, wanted, nearest(name, arms)),
                ("hold_out", "treatments", name),
                "hold_out",
            )


def _layers(experiments: Iterable[tuple[str, ExperimentDefinition]]) -> Iterator[Told]:
    taken: dict[str, list[tuple[str, LayerDefinition]]] = {}
    for name, one in experiments:
        if one.layer is None:
            continue
        for other, layer in taken.setdefault(one.layer.name, []):
            if layer.start < one.layer.end and one.layer.start < layer.end:
                part = f"{one.layer.start:g} to {one.layer.end:g}"
                wanted = f"a part of {one.layer.name} outside {layer.start:g} to {layer.end:g}, which is {other}'s"
                problem = Problem("experiments of one layer would meet", part, wanted)
                yield problem, ("experiments", name, "layer"), f"experiment {name}"
        taken[one.layer.name].append((name, one.layer))


def _one_each(experiments: Iterable[tuple[str, ExperimentDefinition]]) -> Iterator[Told]:
    seen: dict[str, str] = {}
    for name, one in experiments:
        for strategy in filter(None, (one.strategy, *(arm.strategy for _, arm in one.arms))):
            if seen.get(strategy, name) != name:
                problem = Problem(
                    f"experiment {seen[strategy]} measures this strategy already", strategy, "one of the two"
                )
                yield problem, ("experiments", name, "strategy"), f"experiment {name}"
            seen.setdefault(strategy, name)


def _circles(ground: TrialGround, found: Iterable[Trial]) -> Iterator[Told]:
    """Find experiments whose participants are chosen by what they themselves will show."""
    shows = {column: one.definition.effect for one in ground.foretold for column in one.types if one.definition.effect}
    likes = {one.name: one.definition.like for one in ground.foretold if one.definition.like is not None}
    needs = {one.name: _shown(one.who, ground.scores.rules, likes) & shows.keys() for one in found}
    waits = {name: {str(shows[column]) for column in columns} for name, columns in needs.items()}
    for name, others in waits.items():
        seen: set[str] = set()
        edge = set(others)
        while edge - seen:
            seen |= edge
            edge = {after for one in edge for after in waits.get(one, ())}
        if name in seen:
            told = ", ".join(sorted(needs[name]))
            problem = Problem(
                "who takes part rests on what the experiment itself will show", told, "what is known before"
            )
            yield problem, ("experiments", name, "who"), f"experiment {name}"


def _shown(tree: Node | None, rules: Mapping[str, Node], likes: Mapping[str, str]) -> set[str]:
    """Give the names that a rule speaks of, also by membership and by look-alikes."""
    found: set[str] = set()
    seen: set[str] = set()
    edge = [tree] if tree is not None else []
    while edge:
        tree = edge.pop()
        spoken = names_in(tree) | {part.name for part in walk(tree) if isinstance(part, Score)}
        asked = {part.segment for part in walk(tree) if isinstance(part, Member)}
        asked |= {likes[name] for name in spoken & likes.keys()}
        found |= spoken
        edge += [rules[name] for name in sorted(asked & rules.keys() - seen)]
        seen |= asked
    return found


class _Making:
    """One experiment on its way, with what is wrong with it."""

    def __init__(
        self, ground: TrialGround, name: str, definition: ExperimentDefinition, path: tuple[str, ...] = ()
    ) -> None:
        self.ground, self.name, self.definition = ground, name, definition
        self.path = path or ("experiments", name)
        self.problems: list[Told] = []

    def made(self) -> Trial | None:
        """Give the experiment made ready, as far as it can be."""
        self._names()
        outcomes, strategies = self._outcomes(), self._strategies()
        who = self._who(strategies)
        design = self._design()
        if not outcomes or design is None:
            return None
        self._about(outcomes[0], strategies)
        zone = self.ground.scores.project.time_zone
        start, end = (parse_instant(one, zone) if one else None for one in (self.definition.start, self.definition.end))
        usable, undated = (
            usable_of(self.ground.scores) if self.definition.traits is None else (self.definition.traits, ())
        )
        return Trial(
            self.name,
            self.definition,
            design,
            who,
            outcomes,
            start,
            end,
            strategies,
            usable,
            undated,
            self._hindsight(who),
        )

    def _hindsight(self, who: Node | None) -> dict[str, tuple[str, ...]]:
        """Give what is said of the time before the start by attributes without a date, which may have been written later."""
        one, ground = self.definition, self.ground.scores
        rules = ground.rules
        told: dict[str, list[Node]] = {"who takes part": [] if who is None else [who]}
        told |= {name: [Name(name)] for name in (*(one.traits or ()), *filter(None, (one.covariate, one.strata)))}
        for name in dict.fromkeys((*(one.against or self.ground.segmentations), *filter(None, (one.strata,)))):
            segments = self.ground.segmentations.get(name)
            if segments is not None:
                told[name] = [rules[segment] for segment in segments if segment in rules]
        found = {what: undated_behind(trees, ground) for what, trees in told.items()}
        return {what: attributes for what, attributes in found.items() if attributes}

    def _wrong(self, problem: Problem, *inner: str | int) -> None:
        subject = self.name if self.path == (HOLD_OUT,) else f"experiment {self.name}"
        self.problems.append((problem, (*self.path, *inner), subject))

    def _design(self) -> Experiment | None:
        one, held = self.definition, self.ground.scores.project.hold_out
        held = None if self.path == (HOLD_OUT,) else held
        hold_outs = [] if held is None else [HoldOut(held.share, held.salt)]
        hold_outs += (
            [] if held is None else [HoldOut(share, f"{held.salt} of {arm}", arm) for arm, share in held.treatments]
        )
        try:
            return Experiment(
                self.name,
                tuple(Arm(name, arm.weight) for name, arm in one.arms),
                one.control,
                one.salt or self.name,
                one.share,
                None if one.layer is None else Layer(one.layer.name, one.layer.start, one.layer.end),
                tuple(hold_outs),
            )
        except ModelError as error:
            self._wrong(Problem(str(error)), *(["salt"] if one.salt else ["key"]))
            return None

    def _names(self) -> None:
        """Check the names it speaks of: traits, segmentations, arms and outcomes."""
        one, words = self.definition, self.ground.words
        for name, problem in clashes(self.definition.outcomes, {}, {}):
            self._wrong(problem, "outcome", name, "key")
        for name, problem in clashes([arm for arm, _ in one.arms], {}, {}):
            self._wrong(problem, "arms", name, "key")
        for place, name in enumerate(one.against or ()):
            self._known(name, self.ground.segmentations, "segmentation", "against", place)
        traits = {one.name: one.type for one in self.ground.scores.traits}
        for place, name in enumerate(one.traits or ()):
            self._known(name, traits, "trait", "traits", place)
        if one.covariate is not None and self._known(one.covariate, [*traits, *words.scores], "trait", "covariate"):
            kind = traits.get(one.covariate) or words.scores.get(one.covariate)
            if kind not in _NUMBERS:
                self._wrong(Problem("not a number", f"{one.covariate} ({kind})", "a trait that is"), "covariate")
        if one.strata is not None and one.strata not in self.ground.segmentations:
            if not self._known(one.strata, traits, "segmentation or trait", "strata"):
                return
            if traits[one.strata] not in _GROUPS:
                wanted = "a trait that is text or a condition, or a segmentation"
                self._wrong(Problem("not groups", f"{one.strata} ({traits[one.strata]})", wanted), "strata")

    def _known(self, name: str, names: Collection[str], what: str, *inner: str | int) -> bool:
        if name in names:
            return True
        wanted = f"one of {', '.join(sorted(names))}" if names else f"a {what}; there is none"
        self._wrong(Problem(f"unknown {what}", name, wanted, nearest(name, names)), *inner)
        return False

    def _outcomes(self) -> tuple[Measured, ...]:
        found = []
        for name, text in self.definition.outcome:
            ground = self.ground.scores
            coming = measured(text, self.definition.within, ground.early, ground.traits, ground.undated)
            for problem in coming.problems:
                self._wrong(problem, "outcome", *([] if name == ALONE else [name]))
            if coming.node is not None and coming.kind is not None:
                word = text.strip() if text.strip() in WORDS else None
                found.append(Measured(name, coming.node, coming.kind, coming.currency, word))
        return tuple(found) if len(found) == len(self.definition.outcome) else ()

    def _strategies(self) -> dict[str, str]:
        """Give by strategy the arm that tries it."""
        one, found = self.definition, dict[str, str]()
        tried = [(one.strategy, one.treated[0][0], ("strategy",))] if one.strategy and len(one.treated) == 1 else []
        if one.strategy and len(one.treated) > 1:
            told = " or ".join(name for name, _ in one.treated)
            problem = Problem(
                "which arm tries the strategy is not clear", one.strategy, f"strategy: under the arm {told}"
            )
            self._wrong(problem, "strategy")
        written = [(arm.strategy, name, ("arms", name, "strategy")) for name, arm in one.arms if arm.strategy]
        for strategy, arm, inner in [*tried, *written]:
            if strategy is None or not self._known(strategy, self.ground.strategies, "strategy", *inner):
                continue
            if arm == one.control:
                self._wrong(Problem("the control tries no strategy", arm, "another arm"), *inner)
            elif strategy in (LEAVE_ALONE, DO_NOT_TARGET):
                wanted = "a strategy that does something, held against one that does nothing"
                self._wrong(Problem("a strategy that is no treatment", strategy, wanted), *inner)
            else:
                found[strategy] = arm
        return found

    def _about(self, decides: Measured, strategies: Collection[str]) -> None:
        """Check that what is measured can say what is asked of it."""
        one = self.definition
        if strategies and decides.kind is not Type.BOOLEAN:
            written = one.outcomes[decides.name]
            wanted = "a condition, such as purchase, since a strategy's success is a rate"
            self._wrong(Problem("an outcome that is no success", written, wanted), "outcome")
        costly = [name for name, arm in one.arms if arm.cost is not None]
        if costly and decides.kind is not Type.MONEY and one.worth is None:
            wanted = "worth: too, what one unit of the outcome is worth, such as 12.50 or '30 %'"
            self._wrong(Problem("a cost that cannot be held against the outcome", costly[0], wanted), "arms", costly[0])
        if decides.kind is Type.MONEY and one.worth is not None and one.worth.fixed is not None:
            wanted = "the share of it that is earned, such as '30 %'"
            self._wrong(Problem("the worth of what is money already", str(one.worth), wanted), "worth")
        project = self.ground.scores.project
        if decides.currency not in (None, project.currency):
            told = f"{one.outcomes[decides.name]} ({decides.currency})"
            self._wrong(Problem("an outcome in another currency", told, f"money in {project.currency}"), "outcome")

    def _who(self, strategies: Mapping[str, str]) -> Node | None:
        written = self.definition.who
        if written is None:
            eligible = [self.ground.strategies[one] for one in strategies]
            return eligible[0] if len(eligible) == 1 else None
        try:
            tree = parse(written)
        except DefinitionError as error:
            for problem in error.problems:
                self._wrong(problem, "who")
            return None
        checked = check(tree, self.ground.words, wanted=Type.BOOLEAN)
        for problem in checked.problems or certainty(checked.node, tree):
            self._wrong(problem, "who")
        return checked.node
