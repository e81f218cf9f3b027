"""Treatments and messages against what they speak of: everything that is wrong with them, and made ready where nothing is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from smalti.errors import DefinitionError, Problem, nearest
from smalti.facts import DAY, TOUCHES, Microseconds, Type, parse_duration, parse_instant
from smalti.project.definition import Project
from smalti.project.foretelling import Foretelling, Told
from smalti.project.names import clashes
from smalti.project.since import Since
from smalti.rules import Node, Vocabulary, certainty, check, parse, write_name
from smalti.strategy import DO_NOT_TARGET, LEAVE_ALONE, PLAYBOOK
from smalti.strategy.limits import LimitsDefinition
from smalti.strategy.treatments import Step, Treatment, TreatmentDefinition, TriggerDefinition

_NUMBERS = (Type.INTEGER, Type.NUMBER)


@dataclass(frozen=True)
class PlanGround:
    """What treatments, messages and limits may speak of.

    Attributes:
        project: The project.
        words: What rules may speak of: traits, attributes, the value map, scores, segments.
        strategies: The strategies that are made ready.
        segments: The segments that are written one by one or brought by frameworks.
        segmentations: All segmentations.
        scores: What is foretold, made ready.
    """

    project: Project
    words: Vocabulary
    strategies: Collection[str]
    segments: Collection[str]
    segmentations: Collection[str]
    scores: tuple[Foretelling, ...] = ()

    @property
    def limits(self) -> LimitsDefinition:
        """The limits, as they were written."""
        return self.project.limits or LimitsDefinition.model_validate({})

    def rule(self, text: str, wanted: Type) -> tuple[Node | None, list[Problem]]:
        """Make a text in the language ready, or tell what is wrong with it."""
        try:
            tree = parse(text)
        except DefinitionError as error:
            return None, list(error.problems)
        checked = check(tree, self.words, wanted=wanted)
        problems = list(checked.problems) or list(certainty(checked.node, tree))
        if not problems and checked.currency not in (None, self.project.currency):
            wanted_money = f"money in {self.project.currency}"
            problems = [Problem("money in another currency", f"{text} ({checked.currency})", wanted_money)]
        return (None, problems) if problems else (checked.node, [])

    def unknown(self, what: str, name: str, there: Collection[str]) -> Problem:
        """Tell of a name that is not there."""
        wanted = f"one of {', '.join(there)}" if there else f"{what}s, and there are none"
        return Problem(f"unknown {what}", name, wanted, nearest(name, there))

    def unknown_segment(self, name: str) -> Problem:
        """Tell of a segment that is not there, or gets its name only when it is fitted."""
        problem = self.unknown("segment", name, sorted(self.segments))
        fitted = [one for one, definition in self.project.segmentations if definition.way is not None]
        if not fitted:
            return problem
        later = f"; segments of {' and '.join(fitted)} have no names before a run has fitted them"
        return Problem(problem.what, problem.found, f"{problem.wanted}{later}", problem.hint)

    def foreign(self, name: str) -> str | None:
        """Give the currency of what a name stands for, where it is money that is not the project's."""
        if self.words.names.get(name) is not Type.MONEY:
            return None
        checked = check(parse(write_name(name)), self.words)
        return None if checked.currency == self.project.currency else checked.currency

    def no_channel(self, name: str) -> Problem:
        """Tell of a channel that is not declared: nothing is known of anybody's consent to it."""
        channels = dict(self.project.channels)
        example = f"channels: {{{name}: {{address: ..., consent: ...}}}}"
        wanted = f"one of {', '.join(channels)}, or " if channels else ""
        wanted += f"{example}, since nobody is contacted whose consent is not known"
        return Problem("a channel that the project does not declare", name, wanted, nearest(name, channels))


def treatments_of(ground: PlanGround) -> tuple[list[Treatment], list[Told], list[str]]:
    """Make all treatments ready that nothing is wrong with; tell what is wrong with the others, and what one should know."""
    problems = list(_names(ground))
    found, continued = [], False
    for name, definition in ground.project.treatments:
        making = _Making(ground, name, definition)
        made = making.made()
        problems += making.problems
        found += [made] if made is not None and not making.problems else []
        continued = continued or bool(definition.steps or definition.stop)
    return found, problems, list(_never_continued(ground)) if continued else []


def _never_continued(ground: PlanGround) -> Iterator[str]:
    """Tell where nothing says which treatments have begun."""
    touches = ground.words.streams.get(TOUCHES.name)
    if touches is None or "treatment" not in touches:
        told = "there are no touches" if touches is None else "touches do not say which treatment they were"
        yield f"{told}, so nothing is known of treatments that have begun: steps are planned, and never continued"


def _names(ground: PlanGround) -> Iterator[Told]:
    """Find treatments whose names stand in each other's way, or in that of what a plan calls its choices."""
    treatments = dict(ground.project.treatments)
    made = {f"{name} by {channel}": name for name, one in treatments.items() for channel in one.channels}
    made |= {" + ".join(bundle): "a bundle" for bundle in ground.limits.bundles if len(bundle) > 1}
    taken = {name: f"a choice of the plan, made of {what}," for name, what in made.items()}
    for name, problem in clashes(treatments, {}, {"none": "what is done to those without a treatment"} | taken):
        yield problem, ("treatments", name, "key"), f"treatment {name}"


class _Making:
    """One treatment on its way, with what is wrong with it."""

    def __init__(self, ground: PlanGround, name: str, definition: TreatmentDefinition) -> None:
        self.ground, self.name, self.definition = ground, name, definition
        self.problems: list[Told] = []

    def made(self) -> Treatment | None:
        """Give the treatment made ready; None where something is wrong with it."""
        one = self.definition
        self._strategy()
        self._channels()
        self._effect()
        who = self._rule(one.who, Type.BOOLEAN, "who")
        headroom = self._rule(one.headroom, Type.MONEY, "headroom")
        begins, due = self._trigger(one.trigger) if one.trigger is not None else (None, None)
        steps = self._steps()
        stop = self._since(one.stop, "stop")
        zone = self.ground.project.time_zone
        start, end, on = (parse_instant(text, zone) if text else None for text in (one.start, one.end, one.on))
        if on is not None and ((start is not None and on < start) or (end is not None and on >= end)):
            told = " ".join(f"{word} {text}" for word, text in (("from", one.start), ("until", one.end)) if text)
            self._wrong(Problem("it begins outside its own dates", one.on, f"an instant {told}"), "on")
        if self.problems:
            return None
        return Treatment(
            self.name,
            one,
            who,
            headroom,
            stop,
            begins,
            start,
            end,
            on,
            steps,
            one.purpose or one.strategy,
            due,
        )

    def _wrong(self, problem: Problem, *inner: str | int) -> None:
        self.problems.append((problem, ("treatments", self.name, *inner), f"treatment {self.name}"))

    def _rule(self, text: str | None, wanted: Type, *inner: str | int) -> Node | None:
        if text is None:
            return None
        node, problems = self.ground.rule(text, wanted)
        for problem in problems:
            self._wrong(problem, *inner)
        return node

    def _strategy(self) -> None:
        """Check that its strategy is one, is there, and is one that something can be done for."""
        one, ground = self.definition, self.ground
        changed = dict(ground.project.playbook)
        known = [name for name in {**PLAYBOOK, **changed} if name not in changed or not changed[name].off]
        if one.strategy not in known:
            self._wrong(ground.unknown("strategy", one.strategy, known), "strategy")
        elif one.strategy == LEAVE_ALONE or (one.strategy == DO_NOT_TARGET and one.channels):
            wanted = "a strategy that something is done for"
            wanted += ", or no channels: to take her off what everybody gets" if one.strategy == DO_NOT_TARGET else ""
            self._wrong(Problem("a strategy under which nobody is contacted", one.strategy, wanted), "strategy")
        elif one.strategy not in ground.strategies and one.strategy not in changed:
            what = "a strategy that is left out, since it needs what the data does not give"
            self._wrong(Problem(what, one.strategy, f"one of {', '.join(ground.strategies)}"), "strategy")

    def _channels(self) -> None:
        """Check that every channel is declared and every message is there."""
        one, project = self.definition, self.ground.project
        channels, messages = dict(project.channels), dict(project.messages)
        named: list[tuple[str, tuple[str | int, ...]]] = [
            (name, ("channels", place) if len(one.channels) > 1 else ("channels",))
            for place, name in enumerate(one.channels)
        ]
        named += [(step.channel, ("steps", place, "channel")) for place, step in enumerate(one.steps)]
        for name, inner in named:
            if name not in channels:
                self._wrong(self.ground.no_channel(name), *inner)
        twice = next((name for name in one.channels if one.channels.count(name) > 1), None)
        if twice is not None:
            self._wrong(Problem("a channel named twice", twice, "each once"), "channels")
        if one.message is not None and one.message not in messages:
            self._wrong(self.ground.unknown("message", one.message, messages), "message")
        for place, step in enumerate(one.steps):
            if step.message is not None and step.message not in messages:
                self._wrong(self.ground.unknown("message", step.message, messages), "steps", place, "message")
        if one.message is not None and not one.channels:
            self._wrong(Problem("a message that nobody gets", one.message, "channels: too, such as email"), "message")

    def _effect(self) -> None:
        """Check that what foretells its effect does, and that it is worth something."""
        one = self.definition
        scores = {score.name: score for score in self.ground.scores}
        if one.score is None:
            if one.worth is not None:
                wanted = "score: too, or headroom: in place of it"
                self._wrong(Problem("the worth of a score that is not named", str(one.worth), wanted), "worth")
            return
        effects = [name for name, score in scores.items() if score.definition.effect is not None]
        if one.score not in scores:
            if one.score not in dict(self.ground.project.scores):
                self._wrong(self.ground.unknown("score", one.score, effects), "score")
            return
        score = scores[one.score]
        if one.score not in effects:
            told = f"{one.score} ({score.definition.kind})"
            wanted = "a score with effect:, which tells what a treatment changes"
            if effects:
                wanted += f", one of {', '.join(effects)}"
            self._wrong(Problem("a score that foretells no effect", told, wanted), "score")
            return
        if score.types[one.score] is Type.MONEY and one.worth is not None and one.worth.fixed is not None:
            wanted = "the share of it that is earned, such as '30 %'"
            self._wrong(Problem("the worth of what is money already", str(one.worth), wanted), "worth")
        if score.currency not in (None, self.ground.project.currency):
            wanted = f"money in {self.ground.project.currency}"
            self._wrong(Problem("money in another currency", f"{one.score} ({score.currency})", wanted), "score")

    def _trigger(self, trigger: TriggerDefinition) -> tuple[Node | None, Node | None]:
        """Give what must be true for it to begin, and in how many days it does."""
        if trigger.enters is not None:
            if trigger.enters not in self.ground.segments:
                self._wrong(self.ground.unknown_segment(trigger.enters), "trigger", "enters")
                return None, None
            return self._rule(f"member({write_name(trigger.enters)})", Type.BOOLEAN, "trigger", "enters"), None
        if trigger.event is not None:
            return self._rule(trigger.event, Type.BOOLEAN, "trigger", "event"), None
        name, setting = (
            trigger.anniversary or trigger.predicted or "",
            "anniversary" if trigger.anniversary else "predicted",
        )
        kind = self._kind(name, (Type.INSTANT,) if setting == "anniversary" else (Type.INSTANT, *_NUMBERS), setting)
        if kind is None:
            return None, None
        ahead = f"-days_since({write_name(name)})" if kind is Type.INSTANT else write_name(name)
        before, within = (
            parse_duration(trigger.before) if trigger.before is not None else 0,
            parse_duration(trigger.within),
        )
        days = ahead if setting == "predicted" else _to_anniversary(write_name(name), (within - before - 1) // DAY)
        due = f"{days} - {_days(before)}" if before else days
        soonest, latest = before - within, before + self.ground.limits.window
        if setting == "anniversary":  # of whole days the first that is not over by then, and the last that has come
            soonest, latest = (soonest // DAY + 1) * DAY, latest // DAY * DAY
        near = f"{days} between {_days(soonest)} and {_days(latest)}"
        return self._made(near), self._made(due)

    def _made(self, text: str) -> Node:
        """Give a tree of our own making made ready."""
        return check(parse(text), self.ground.words).node

    def _kind(self, name: str, kinds: Collection[Type], setting: str) -> Type | None:
        """Give the type of a name; None where it is none of these, which is told."""
        names = self.ground.words.names
        what = "an attribute or trait that is an instant"
        what += "" if setting == "anniversary" else ", such as next_order, or a number of days"
        if name not in names:
            self._wrong(Problem("unknown name", name, what, nearest(name, names)), "trigger", setting)
            return None
        kind = names[name]
        if kind is not None and kind not in kinds:
            self._wrong(Problem("wrong type", f"{name} ({kind})", what), "trigger", setting)
        return kind if kind in kinds else None

    def _steps(self) -> tuple[Step, ...]:
        found, delay = [], 0
        for place, step in enumerate(self.definition.steps):
            delay += step.wait
            condition = self._since(step.condition, "steps", place, "if")
            found.append(Step(place + 2, step, delay, condition, step.message or self.definition.message))
        return tuple(found)

    def _since(self, text: str | None, *inner: str | int) -> Node | None:
        """Make ready what is asked of the time since it began."""
        if text is None:
            return None
        controls = {name: one.control for name, one in self.ground.project.experiments}
        since = Since(self.name, self._length(), self.ground.words, controls)
        try:
            node, problems = since.read(text)
        except DefinitionError as error:
            node, problems = None, list(error.problems)
        for problem in problems:
            self._wrong(problem, *inner)
        return node

    def _length(self) -> Microseconds:
        """Give how long it takes at the longest: all waits, and what spreading over a plan may add."""
        return sum(step.wait for step in self.definition.steps) + self.ground.limits.window


def _to_anniversary(name: str, missed: int) -> str:
    """Write in how many days the next anniversary is, or, less than none, that the last one was at most so many days ago.

    Days since the last one are those since the first day of all, less 365 for each year and one for each 29 February between;
    who was born on one has the birthday on the 28th in other years.
    """
    ahead = f"days_to_anniversary({name})"
    if missed < 1:
        return ahead
    before_leap = f"(month({name}) = 1 or month({name}) = 2 and day_of_month({name}) < 29)"
    year = f"year({name}) - case when {before_leap} then 1 else 0 end"
    leaps = f"(floor(({year} + years_since({name})) / 4) - floor(({year}) / 4))"
    ago = f"calendar_days_since({name}) - 365 * years_since({name}) - {leaps}"
    late = f"years_since({name}) >= 1 and {ahead} > 0 and {ago} <= {missed}"
    return f"(case when {late} then -({ago}) else {ahead} end)"


def _days(length: Microseconds) -> str:
    """Write a length of time as a number of days."""
    return f"{length // DAY}" if length % DAY == 0 else f"{length / DAY:.9f}"
