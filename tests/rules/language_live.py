"""Stories lived through by the live step: driven by deliveries and by its own wake-ups, by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import reject
from language_trees import STREAMS
from language_worlds import Answers, Delivery, Story, World, by_meaning, differences

from smalti.facts import Instant, Type
from smalti.rules import Quantile, meaning
from smalti.rules.step import Change, State, Step

MANY = 400
"""More wake-ups of one customer than a story has edges: an answer that flickers on the last bit of a real number."""


def step_of(definitions: World, fitted: Mapping[Quantile, Any]) -> Step:
    """Give the step of a world's definitions; what is wanted are rules where they are true or false, else traits."""
    ready = definitions.ready()
    rules = ready.all_segments() | {name: n for name, n in ready.wanted.items() if ready.types[name] is Type.BOOLEAN}
    traits = ready.all_traits() | {name: node for name, node in ready.wanted.items() if name not in rules}
    return Step(traits, rules, STREAMS, fitted)


class Life:
    """All customers of a story and what has been told of them, as of an instant that only goes on."""

    def __init__(self, story: Story, fitted: Mapping[Quantile, Any], step: Step | None = None) -> None:
        self.story, self.fitted = story, fitted
        self.step = step or step_of(story.definitions, fitted)
        self.states: dict[str, State] = {name: self.step.empty(name) for name in story.customers}
        self.told: dict[str, dict[Any, Any]] = {name: {} for name in story.customers}
        self.timed: list[tuple[str, Change]] = []
        self.last: dict[tuple[str, Any, Instant], Any] = {}
        self.tallies: dict[tuple[str, int], tuple[int, int, int]] = {}
        self.left = list(story.deliveries)
        self.heard: list[Delivery] = []
        self.wakes = 0
        self.begun = self.waking = False

    def begin(self, now: Instant) -> None:
        self.begun = True
        for name in self.states:
            self.note(name, self.step.on_time(self.states[name], now))
            for score in self.step.scores:
                value = self.story.definitions.scores.get(name, {}).get(score)
                self.note(name, self.step.set_score(self.states[name], score, value, now))
        self.tell_accounts(now)

    def note(self, name: str, changes: Any) -> None:
        for change in changes:
            assert self.told[name].get(change.rule) == change.before, (name, change)
            assert change.before != change.after
            self.told[name][change.rule] = change.after
            if self.waking:
                self.last[name, change.rule, change.at] = change.after

    def tell_accounts(self, now: Instant) -> None:
        """Give every account the tally of its people, until none changes any more."""
        for _ in range(10):
            if not sum(self.tell(name, number, now) for name in self.states for number in range(len(self.step.people))):
                return
        raise AssertionError("tallies do not come to rest")

    def tell(self, account: str, number: int, now: Instant) -> bool:
        asked = self.step.people[number]
        answers = [self.step.answers(state) for state in self.states.values()]
        mine = [one[asked.rule] for one in answers if one[asked.link] == account]
        tally = (mine.count(True), mine.count(False), mine.count(None))
        if self.tallies.get((account, number), (0, 0, 0)) == tally:
            return False
        self.tallies[account, number] = tally
        self.note(account, self.step.set_people(self.states[account], asked, tally, now))
        return True

    def until(self, at: Instant) -> None:
        """Let everything happen that happens up to an instant."""
        if not self.begun:
            self.begin(min([at, *(one.now for one in self.left[:1])]))
        while True:
            wakes = {name: self.step.wake_at(state) for name, state in self.states.items()}
            due = min(((wake, name) for name, wake in wakes.items() if wake is not None), default=None)
            arrives = self.left[0].now if self.left else None
            if due is not None and due[0] <= at and (arrives is None or due[0] <= arrives):
                self.wake(due[1], due[0])
            elif arrives is not None and arrives <= at:
                self.hear(self.left.pop(0))
            else:
                return

    def wake(self, name: str, now: Instant) -> None:
        self.wakes += 1
        if self.wakes > MANY or self.step.given_up:
            reject()
        changes = self.step.on_time(self.states[name], now)
        for change in changes:
            assert change.at == now
            self.timed.append((name, change))
        wake = self.step.wake_at(self.states[name])
        assert wake is None or wake > now
        self.waking = True
        self.note(name, changes)
        self.tell_accounts(now)
        self.waking = False

    def hear(self, one: Delivery) -> None:
        self.heard.append(one)
        state = self.states[one.customer]
        self.note(one.customer, self.step.on_fact(state, one.stream, one.fact["at"], one.fact, one.now, one.position))
        self.tell_accounts(one.now)

    def answers(self, at: Instant) -> Answers:
        """Give what is watched and what is asked for, as `by_meaning` does."""
        ready = self.story.definitions.ready()
        segments = ready.all_segments()
        found: Answers = {}
        for name, state in self.states.items():
            answers = self.step.answers(state)
            asked = [*ready.all_traits(), *segments, *ready.wanted]
            values = {one: answers[one] if one in answers else self.step.value(state, one, at) for one in asked}
            found[name] = {one: value is True if one in segments else value for one, value in values.items()}
        return found


class StoredLife(Life):
    """The same, with every state written down and read again after everything that happens to it."""

    def note(self, name: str, changes: Any) -> None:
        super().note(name, changes)
        self.states[name] = self.step.load(self.step.dump(self.states[name]))


def law_at(story: Story, at: Instant, fitted: Mapping[Quantile, Any]) -> Answers:
    """Give the law's answers, unless it has none: a number too large for a real."""
    try:
        return by_meaning(story.world(at), fitted)
    except (OverflowError, ValueError):
        reject()


def disagreements(story: Story, kind: type[Life] = Life) -> list[str]:
    """Live through a story and say where the step isn't with the law."""
    try:
        fitted = story.fitted()
        life = kind(story, fitted)
        for at in story.instants:
            life.until(at)
            if found := differences(law_at(story, at, fitted), life.answers(at)):
                return [f"{at}: {one}" for one in found]
    except OverflowError:
        reject()
    for name, state in life.states.items():
        now = {rule: answer for rule, answer in life.step.answers(state).items() if answer is not None}
        assert now == {rule: answer for rule, answer in life.told[name].items() if answer is not None}
    return mistimed(life)


def mistimed(life: Life) -> list[str]:
    """Say which changes of rules that came with time alone did not happen at their very microsecond.

    An account hears of its people after its own wake-up at the same instant, and may change back.
    """
    ready, found = life.story.definitions.ready(), []
    rules = ready.all_segments() | ready.wanted
    for name, change in life.timed:
        if change.rule in rules:
            before = life.story.world(change.at - 1)
            law = [
                meaning(rules[change.rule], replace(before, at=at).people(life.fitted)[name], at)
                for at in (change.at - 1, change.at)
            ]
            if law != [change.before, life.last[name, change.rule, change.at]]:
                found.append(f"{name} {change}: the law says {law}")
    return found
