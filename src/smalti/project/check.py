"""The whole project checked against the facts it will meet: all errors at once, or everything made ready to run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from smalti.errors import DefinitionError, Problem, nearest
from smalti.facts import CUSTOMERS, ORDER_ITEMS, RETURNS, STANDARD_STREAMS, Currency, Stream, Type
from smalti.project.definition import Project, StrategyChange
from smalti.project.foretelling import LATER, Foretelling, Ground, columns_of, foretellings
from smalti.project.limits import limits_of
from smalti.project.messages import messages_of
from smalti.project.names import KEPT, clashes
from smalti.project.outcome import outcome_of
from smalti.project.places import Origin, Path_
from smalti.project.segmentations import Known, described, wrong_channels, wrong_segmentations
from smalti.project.treatments import PlanGround, treatments_of
from smalti.project.trials import Trial, TrialGround, trials
from smalti.rules import (
    Aggregate,
    Checked,
    Member,
    Node,
    Score,
    Vocabulary,
    certainty,
    check,
    names_in,
    parse,
    walk,
    write_name,
)
from smalti.segments import (
    Channel,
    Framework,
    Given,
    Segment,
    SegmentationDefinition,
    SegmentDefinition,
    by_default,
    standard_framework,
)
from smalti.strategy import DO_NOT_TARGET, LEAVE_ALONE, PLAYBOOK, VALUE_COLUMNS, StrategyDefinition, placeholders
from smalti.strategy.limits import Limits
from smalti.strategy.treatments import Message, Treatment
from smalti.traits import Trait, TraitDefinition, standard_traits

_Key: TypeAlias = tuple[str, str]
"""The section and the name of a definition."""
_Rule: TypeAlias = tuple[SegmentDefinition, Node | None]
"""A segment's definition and, where it could be read, its rule."""
_TOLD = (Type.INTEGER, Type.NUMBER, Type.MONEY)
"""What can be filled into the reason of a strategy."""


@dataclass(frozen=True)
class Strategy:
    """A strategy made ready."""

    name: str
    definition: StrategyDefinition
    eligible: Node
    headroom: Node


@dataclass(frozen=True)
class Prepared:
    """A project made ready for the facts there are.

    Attributes:
        traits: Attributes and traits, each after those it names.
        segments: Segments of the frameworks and the project's own, as defined.
        strategies: The playbook.
        frameworks: The frameworks in use.
        types: The types of all names: attributes, traits, value columns.
        titles: What they are called.
        notes: What the facts could not carry, in sentences.
        segmentations: All segmentations by name, each after those it crosses; those with a `way` have yet to be fitted.
        channels: Ways to reach customers.
        words: What rules may speak of, by which rules that are fitted are made ready.
        outcome: What segmentations are tested by, if the project says it, traits written out.
        scores: What is foretold.
        experiments: What is tried on some and not on others.
        treatments: What can be done to a customer.
        messages: What customers read.
        limits: What a plan must respect.
    """

    traits: tuple[Trait, ...]
    segments: tuple[Segment, ...]
    strategies: tuple[Strategy, ...]
    frameworks: tuple[Framework, ...]
    types: Mapping[str, Type]
    titles: Mapping[str, str]
    notes: tuple[str, ...]
    segmentations: Mapping[str, SegmentationDefinition]
    channels: tuple[Channel, ...]
    words: Vocabulary
    outcome: Node | None = None
    scores: tuple[Foretelling, ...] = ()
    experiments: tuple[Trial, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    messages: tuple[Message, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def plan_trees(self) -> tuple[Node, ...]:
        """All that a plan asks of customers beside what strategies and segments ask: each as a tree made ready."""
        steps = [step.condition for one in self.treatments for step in one.steps]
        own = [tree for one in self.treatments for tree in (one.who, one.headroom, one.stop, one.begins, one.due)]
        return tuple(dict.fromkeys(tree for tree in (*own, *steps, self.limits.suppress) if tree is not None))

    @property
    def score_types(self) -> dict[str, Type]:
        """The types of all that is foretold: the columns of the value map, and those of the project's own scores."""
        own = {name: kind for one in self.scores for name, kind in one.types.items()}
        return {name: kind for name, (kind, _) in VALUE_COLUMNS.items()} | own


@dataclass
class _Findings:
    """What one check finds on its way."""

    origin: Origin
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, problem: Problem, path: Path_, subject: str) -> None:
        self.problems.append(self.origin.locate(problem, path).of(subject))

    def read(self, text: str, path: Path_, subject: str) -> Node | None:
        try:
            return parse(text)
        except DefinitionError as error:
            for problem in error.problems:
                self.add(problem, path, subject)
            return None

    def keep(self, checked: Checked, path: Path_, subject: str, written: Node | None = None) -> Node | None:
        """Take a checked tree if nothing is wrong with it; of one that is the project's own also what nobody can mean."""
        problems = checked.problems
        if not problems and written is not None:
            problems = tuple(certainty(checked.node, written))
        for problem in problems:
            self.add(problem, path, subject)
        return None if problems else checked.node


def prepare(project: Project, streams: Mapping[str, Stream], origin: Origin | None = None) -> Prepared:
    """Check all definitions against the streams there are, and make them ready.

    Raises:
        DefinitionError: Every problem of the project at once.
    """
    findings = _Findings(origin or Origin())
    _sources(project, findings)
    _account(project, streams.get(CUSTOMERS.name, CUSTOMERS), findings)
    frameworks = _frameworks(project, streams, findings)
    rules = _rules(project, frameworks, findings)
    scores = {name: kind for name, (kind, _) in VALUE_COLUMNS.items()}
    words = Vocabulary(
        streams,
        scores,
        Currency(project.currency),
        segments=tuple(rules),
        scores=scores,
        time_zone=project.time_zone,
        account=project.account,
    )
    traits, types, titles, currencies = _traits(project, frameworks, rules, words, findings)
    words = replace(words, names=types | scores, currencies=currencies)
    happened = replace(words, later=dict.fromkeys(columns_of(project), "what happened"))
    outcome = _outcome(project, happened, traits, findings)
    foretold, words, early = _scores((project, frameworks, rules), words, traits, findings)
    segments = _segments(project, rules, words, findings)
    strategies = _strategies(project, words, findings)
    known_segments = Known(project, frameworks, {name: one for name, (one, _) in rules.items()}, words)
    channels = _channels(known_segments, findings)
    tried = _experiments(early, (words, foretold, strategies), known_segments, findings)
    done = _planned(known_segments, strategies, foretold, findings)
    if findings.problems:
        raise DefinitionError(sorted(findings.problems, key=lambda one: (one.line or 0, one.column or 0)))
    titles = titles | {name: title for name, (_, title) in VALUE_COLUMNS.items()}
    titles |= {name: title for one in foretold for name, title in one.titles.items()}
    known = {name: kind for name, kind in words.names.items() if kind is not None}
    return Prepared(
        tuple(traits),
        tuple(segments),
        tuple(strategies),
        tuple(frameworks),
        known,
        titles,
        tuple(findings.notes),
        described(known_segments),
        tuple(channels),
        words,
        outcome,
        tuple(foretold),
        tuple(tried),
        *done,
    )


def _scores(
    known: tuple[Project, list[Framework], Mapping[str, _Rule]],
    words: Vocabulary,
    traits: list[Trait],
    findings: _Findings,
) -> tuple[list[Foretelling], Vocabulary, Ground]:
    """Check the scores; give them made ready, what rules may speak of once they are known, and what scores may speak of."""
    project, frameworks, rules = known
    columns = columns_of(project)
    readable = {name: rule for name, (_, rule) in rules.items() if rule is not None}
    types = {name: kind for name, kind in words.names.items() if name not in VALUE_COLUMNS}
    attributes = words.attributes.names
    early = replace(
        words,
        names=types,
        later=_later(project, readable),
        scores={},
        segments=tuple(rules.keys() - _after_values(readable, columns)),
    )
    brought = {one.name: "a standard trait" for one in traits if one.name not in attributes}
    brought |= {name: f"a trait of {one.name}" for one in frameworks for name in one.traits}
    ground = Ground(project, traits, readable, early, brought)
    found, problems = foretellings(ground)
    for problem, path, subject in problems:
        findings.add(problem, path, subject)
    ready = {name: kind for one in found for name, kind in one.types.items()}
    broken = dict.fromkeys(columns.keys() - ready.keys() - types.keys())
    currencies = {one.name: one.currency for one in found if one.currency not in (None, project.currency)}
    known_later = replace(
        words,
        names=dict(words.names) | broken | {name: kind for name, kind in ready.items() if name not in types},
        scores=dict(words.scores) | dict.fromkeys(broken, Type.NUMBER) | ready,
        currencies=dict(words.currencies) | {name: code for name, code in currencies.items() if code is not None},
    )
    return found, known_later, ground


def _experiments(
    early: Ground,
    late: tuple[Vocabulary, list[Foretelling], list[Strategy]],
    known: Known,
    findings: _Findings,
) -> list[Trial]:
    """Check the experiments; give them made ready."""
    if not early.project.experiments and early.project.hold_out is None:
        return []
    words, foretold, strategies = late
    eligible = {one.name: one.eligible for one in strategies}
    found, problems = trials(TrialGround(early, words, eligible, known.members(described(known)), tuple(foretold)))
    for problem, path, subject in problems:
        findings.add(problem, path, subject)
    return found


def _planned(
    known: Known, strategies: list[Strategy], foretold: list[Foretelling], findings: _Findings
) -> tuple[tuple[Treatment, ...], tuple[Message, ...], Limits]:
    """Check treatments, messages and limits; give them made ready."""
    ready = [one.name for one in strategies]
    ground = PlanGround(known.project, known.words, ready, known.segments, tuple(described(known)), tuple(foretold))
    treatments, of_treatments, told_of_treatments = treatments_of(ground)
    messages, of_messages, told_of_messages = messages_of(ground, findings.origin)
    limits, of_limits, told_of_limits = limits_of(ground, findings.origin)
    for problem, path, subject in (*of_treatments, *of_messages, *of_limits):
        findings.add(problem, path, subject)
    findings.notes += [*told_of_treatments, *told_of_messages, *told_of_limits]
    return tuple(treatments), tuple(messages), limits


def _later(project: Project, rules: Mapping[str, Node]) -> dict[str, str]:
    """Give what traits, and what scores rest on, cannot speak of, each with the reason."""
    columns = columns_of(project)
    values = "a trait; the value map is reckoned from the traits, so use it in segments and strategies"
    late = "a segment that rests on traits alone; this one rests on the value map or a score"
    return (
        dict.fromkeys(columns, LATER)
        | dict.fromkeys(VALUE_COLUMNS, values)
        | dict.fromkeys(_after_values(rules, columns), late)
    )


def _outcome(project: Project, words: Vocabulary, traits: list[Trait], findings: _Findings) -> Node | None:
    quality = project.quality
    attributes = words.attributes.names
    for place, name in enumerate(quality.lasting):
        if name not in attributes:
            wanted = "one of " + ", ".join(attributes) if attributes else "an attribute; there are none"
            problem = Problem("unknown attribute", name, wanted, nearest(name, attributes))
            findings.add(problem, ("quality", "lasting", place), "quality")
    if quality.outcome is None:
        return None
    outcome, problems = outcome_of(quality.outcome, words, {one.name: one.node for one in traits})
    for problem in problems:
        findings.add(problem, ("quality", "outcome"), "quality outcome")
    return outcome


def _sources(project: Project, findings: _Findings) -> None:
    if not project.sources:
        findings.add(Problem("no source", wanted="at least one file of orders or customers"), ("sources",), "sources")
    made = dict.fromkeys((ORDER_ITEMS.name, RETURNS.name), "a table made from the orders")
    for name, problem in clashes(dict(project.sources), dict.fromkeys(STANDARD_STREAMS, "a standard stream"), made):
        findings.add(problem, ("sources", name, "key"), "source")


def _account(project: Project, attributes: Stream, findings: _Findings) -> None:
    """The attribute that names a person's account must be there, and be text as ids are."""
    name = project.account
    if name is None:
        return
    if name not in attributes:
        wanted = "one of " + ", ".join(attributes.names) if attributes.names else "an attribute; there are none"
        findings.add(
            Problem("unknown attribute", name, wanted, nearest(name, attributes.names)), ("account",), "account"
        )
    elif attributes[name].type is not Type.TEXT:
        wanted = "text, as customers' ids are"
        findings.add(
            Problem("an account is named by text", f"{name} ({attributes[name].type})", wanted), ("account",), "account"
        )


def _frameworks(project: Project, streams: Mapping[str, Stream], findings: _Findings) -> list[Framework]:
    attributes = streams[CUSTOMERS.name].names if CUSTOMERS.name in streams else ()
    own = dict(project.traits)
    given = Given(streams, frozenset({*own, *attributes, *standard_traits(streams, own)}))
    found = []
    used = project.use if project.use is not None else [(name, None) for name in by_default(given)]
    for position, (name, settings) in enumerate(used):
        framework = standard_framework(name, settings, given)
        lacking = [need for need in framework.needs if need not in given.names]
        told = _and(lacking) if lacking else framework.lacking
        if not told:
            found.append(framework)
        elif project.use is None:
            findings.notes.append(f"{name} is left out: it needs {told}, which the data does not give")
        else:
            path: Path_ = ("use", name, "key") if ("use", name) in findings.origin.places else ("use", position)
            findings.add(Problem(f"{name} needs {told}, which the data does not give", hint=None), path, "framework")
    return found


def _rules(project: Project, frameworks: list[Framework], findings: _Findings) -> dict[str, _Rule]:
    """Give every segment's definition and, where it could be read, its rule."""
    definitions: dict[str, SegmentDefinition] = {}
    for framework in frameworks:
        definitions |= framework.segments
    kept = {name: f"a segment of {one.segmentation}" for name, one in definitions.items()}
    for name, problem in clashes(dict(project.segments), {}, {"customer_id": "a column of every run"} | kept):
        findings.add(problem, ("segments", name, "key"), "segment")
    definitions |= dict(project.segments)
    traits = dict.fromkeys(dict(project.traits), "a trait") | {
        name: f"a trait of {one.name}" for one in frameworks for name in one.traits
    }
    for name, problem in clashes(dict(project.segments), {}, traits):
        findings.add(problem, ("segments", name, "key"), "segment")
    return {
        name: (one, findings.read(one.who, _text_path("segments", name, "who", findings), f"segment {name}"))
        for name, one in definitions.items()
    }


def _traits(
    project: Project,
    frameworks: list[Framework],
    rules: Mapping[str, _Rule],
    words: Vocabulary,
    findings: _Findings,
) -> tuple[list[Trait], dict[str, Type | None], dict[str, str], dict[str, str]]:
    own, streams = dict(project.traits), words.streams
    attributes = streams.get(CUSTOMERS.name, CUSTOMERS)
    _check_names(project, streams, frameworks, findings)
    definitions = {name: text for name, text in standard_traits(streams, own).items() if name not in attributes} | own
    titles = {name: one.title or name.replace("_", " ") for name, one in definitions.items()}
    for framework in frameworks:
        definitions |= {name: TraitDefinition(value=text) for name, text in framework.traits.items() if name not in own}
        titles |= framework.titles
    trees = {}
    for name, definition in definitions.items():
        tree = findings.read(definition.value, _text_path("traits", name, "value", findings), f"trait {name}")
        if tree is not None:
            trees[name] = tree
    types: dict[str, Type | None] = {column.name: column.type for column in attributes.columns}
    traits = [
        Trait(one.name, one.type, Aggregate("last", CUSTOMERS.name, one.name), one.name) for one in attributes.columns
    ]
    readable = {name: rule for name, (_, rule) in rules.items() if rule is not None}
    late = _after_values(readable, columns_of(project))
    early = replace(words, later=_later(project, readable), scores={}, segments=tuple(rules.keys() - late))
    currencies = {column.name: column.currency for column in attributes.columns if column.currency is not None}
    broken = definitions.keys() - trees.keys()
    for name in _in_order(trees, readable, findings):
        if names_in(trees[name]) & broken:
            broken = broken | {name}
            continue
        attributes_less = {known: kind for known, kind in types.items() if known not in attributes}
        checked = check(trees[name], replace(early, names=attributes_less, currencies=currencies))
        written = trees[name] if name in own else None
        node = findings.keep(checked, _text_path("traits", name, "value", findings), f"trait {name}", written)
        if node is None or checked.type is None:
            broken = broken | {name}
            continue
        types[name] = checked.type
        if checked.currency not in (None, project.currency):
            currencies[name] = str(checked.currency)
        traits.append(Trait(name, checked.type, node, titles.get(name, name)))
    broken = broken | (trees.keys() - types.keys())
    return traits, dict.fromkeys(broken) | types, titles, currencies


def _check_names(
    project: Project, streams: Mapping[str, Stream], frameworks: list[Framework], findings: _Findings
) -> None:
    attributes = streams.get(CUSTOMERS.name, CUSTOMERS).names
    own = dict(project.traits)
    standard = dict.fromkeys(standard_traits(streams, {}), "a standard trait")
    brought = {name: f"a trait of {one.name}" for one in frameworks for name in one.traits if name not in own}
    for name, problem in clashes(own, standard | brought, KEPT | dict.fromkeys(attributes, "an attribute")):
        findings.add(problem, ("traits", name, "key"), "trait")
    for _, problem in clashes(attributes, standard, KEPT | brought):
        told = replace(problem, wanted=f"{problem.wanted}: say under columns: of customers what to call it")
        findings.add(told, ("sources", CUSTOMERS.name, "key"), "attribute")


def _after_values(rules: Mapping[str, Node], scores: Collection[str]) -> set[str]:
    """Give the segments that rest on the value map or a score, themselves or through others they ask membership of."""
    found: set[str] = set()
    while True:
        more = {
            name
            for name, rule in rules.items()
            if names_in(rule) & {*VALUE_COLUMNS, *scores}
            or any(
                isinstance(part, Score) or (isinstance(part, Member) and part.segment in found) for part in walk(rule)
            )
        }
        if more == found:
            return found
        found = more


def _needs(tree: Node) -> set[_Key]:
    members = {("segments", part.segment) for part in walk(tree) if isinstance(part, Member)}
    return members | {("traits", name) for name in names_in(tree)}


def _in_order(traits: Mapping[str, Node], rules: Mapping[str, Node], findings: _Findings) -> Iterator[str]:
    """Give the traits so that each comes after those it speaks of, also through segments; circles are problems."""
    trees = {("traits", name): tree for name, tree in traits.items()}
    trees |= {("segments", name): rule for name, rule in rules.items()}
    waiting = {key: _needs(tree) & trees.keys() for key, tree in trees.items()}
    done: set[_Key] = set()
    while waiting:
        ready = [key for key, needs in waiting.items() if needs <= done]
        if not ready:
            circle = [key for key in waiting if _reaches(key, key, waiting)]
            for key in circle:
                section, name = key
                told = " -> ".join([name, *sorted(other for _, other in waiting[key] & set(circle))])
                path = _text_path(section, name, "value" if section == "traits" else "who", findings)
                problem = Problem(f"{section} that need each other in a circle", told, "none")
                findings.add(problem, path, f"{section.removesuffix('s')} {name}")
            return
        for key in ready:
            del waiting[key]
        done |= set(ready)
        yield from (name for section, name in ready if section == "traits")


def _reaches(start: _Key, goal: _Key, waiting: Mapping[_Key, set[_Key]]) -> bool:
    seen: set[_Key] = set()
    edge = set(waiting[start])
    while edge:
        if goal in edge:
            return True
        seen |= edge
        edge = {after for name in edge for after in waiting.get(name, set())} - seen
    return False


def _segments(project: Project, rules: Mapping[str, _Rule], words: Vocabulary, findings: _Findings) -> list[Segment]:
    found, own = [], dict(project.segments)
    strategies = PLAYBOOK.keys() | dict(project.playbook).keys()
    for name, (definition, written) in rules.items():
        path = _text_path("segments", name, "who", findings)
        if definition.strategy is not None and definition.strategy not in strategies:
            wanted = "one of " + ", ".join(sorted(strategies))
            problem = Problem("unknown strategy", definition.strategy, wanted, nearest(definition.strategy, strategies))
            findings.add(problem, ("segments", name, "strategy"), f"segment {name}")
        if written is None:
            continue
        checked = check(written, words, wanted=Type.BOOLEAN)
        node = findings.keep(checked, path, f"segment {name}", written if name in own else None)
        if node is not None:
            found.append(Segment(name, definition, node, written))
    return found


def _channels(known: Known, findings: _Findings) -> list[Channel]:
    """Check segmentations and channels; give the channels made ready."""
    for problem, path, subject in (*wrong_segmentations(known), *wrong_channels(known)):
        findings.add(problem, path, subject)
    found = []
    for name, definition in known.project.channels:
        path, consent = ("channels", name, "consent"), definition.consent
        written = findings.read(consent, path, f"channel {name}") if consent is not None else None
        node = None
        if written is not None:
            node = findings.keep(check(written, known.words, wanted=Type.BOOLEAN), path, f"channel {name}", written)
        found.append(Channel(name, definition, node))
    return found


def _strategies(project: Project, words: Vocabulary, findings: _Findings) -> list[Strategy]:
    definitions = dict(PLAYBOOK)
    for name, problem in clashes(dict(project.playbook), dict.fromkeys(PLAYBOOK, "a strategy of the playbook"), {}):
        findings.add(problem, ("playbook", name, "key"), "strategy")
    for name, change in project.playbook:
        if change.off and name in (LEAVE_ALONE, DO_NOT_TARGET):
            findings.add(
                Problem("cannot be left out", name, "a playbook with it"), ("playbook", name, "key"), "strategy"
            )
        elif change.off and name not in PLAYBOOK:
            problem = Problem("unknown strategy", name, "one of " + ", ".join(PLAYBOOK), nearest(name, PLAYBOOK))
            findings.add(problem, ("playbook", name, "key"), "strategy")
        elif change.off:
            del definitions[name]
        else:
            changed = _changed(name, change, definitions.get(name), findings)
            definitions |= {name: changed} if changed is not None else {}
    for name, definition in definitions.items():
        because = definition.because.replace("{horizon}", project.assumptions.horizon)
        definitions[name] = definition.model_copy(update={"because": because})
    own = dict(project.playbook)
    prepared = [(name, _strategy(name, one, words, findings, own=name in own)) for name, one in definitions.items()]
    return [strategy for _, strategy in prepared if strategy is not None]


def _changed(
    name: str, change: StrategyChange, standard: StrategyDefinition | None, findings: _Findings
) -> StrategyDefinition | None:
    given = {one: getattr(change, one) for one in change.model_fields_set - {"off"}}
    if standard is not None:
        return standard.model_copy(update=given)
    needed = [one for one, about in StrategyDefinition.model_fields.items() if about.is_required()]
    lacking = [one for one in needed if given.get(one) is None]
    if lacking:
        near = nearest(name, PLAYBOOK)
        problem = Problem("a new strategy that is not whole", name, "also " + _and(lacking), near)
        findings.add(problem, ("playbook", name, "key"), "strategy")
        return None
    return StrategyDefinition.model_validate(given)


def _strategy(
    name: str, definition: StrategyDefinition, words: Vocabulary, findings: _Findings, *, own: bool
) -> Strategy | None:
    path: Path_ = ("playbook", name)
    eligible = findings.read(definition.eligible, (*path, "eligible"), f"strategy {name}")
    headroom = findings.read(definition.headroom, (*path, "headroom"), f"strategy {name}")
    if eligible is None or headroom is None:
        return None
    spoken = names_in(eligible) | names_in(headroom) | set(placeholders(definition.because))
    known = words.names.keys() | set(words.attributes.names)
    lacking = sorted(spoken - known)
    if lacking and not own:
        findings.notes.append(
            f"the strategy '{definition.title}' is left out: it needs {_and(lacking)}, which the data does not give"
        )
        return None
    for told in sorted(set(placeholders(definition.because))):
        kind = words.names.get(told)
        if told not in words.names:
            problem = Problem("unknown name in a reason", told, "a trait or value column", nearest(told, words.names))
            findings.add(problem, (*path, "because"), f"strategy {name}")
        elif kind is not None and kind not in _TOLD:
            problem = Problem("a reason tells numbers and money only", f"{told}, {kind}", "another trait")
            findings.add(problem, (*path, "because"), f"strategy {name}")
    ready = findings.keep(check(eligible, words, wanted=Type.BOOLEAN), (*path, "eligible"), f"strategy {name}")
    worth = findings.keep(check(headroom, words, wanted=Type.MONEY), (*path, "headroom"), f"strategy {name}")
    return Strategy(name, definition, ready, worth) if ready is not None and worth is not None else None


def _text_path(section: str, name: str, inner: str, findings: _Findings) -> Path_:
    """Give the path of a text that may stand alone or under a key."""
    deep: Path_ = (section, name, inner)
    return deep if deep in findings.origin.places else deep[:-1]


def _and(names: list[str]) -> str:
    shown = [write_name(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
