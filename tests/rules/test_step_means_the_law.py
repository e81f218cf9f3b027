"""Law 1 and law 2: the live step says what the meaning says, at every instant, woken by nothing but facts and itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from language_live import MANY, Life, StoredLife, disagreements, step_of
from language_trees import MEASURES, NOON, SCORES
from language_worlds import Story, World, deliveries, differences, story

from smalti.facts import DAY, Instant, Type, draw_of, next_start
from smalti.rules import meaning, parse, write
from smalti.rules.nodes import Not
from smalti.rules.step import Step, ages, compiled, emit, flips, histories, live, slots, stored, tallies, updates

SLOW_TO_DRAW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
    HealthCheck.filter_too_much,
]
EXAMPLES = settings.default.max_examples
FLICKERS = 20
"""Searches that gave up, each of a tenth of a second, before a story is let go."""


def tell(told: Story) -> None:
    for level in (*told.definitions.traits, told.definitions.wanted):
        for name, (node, kind) in level.items():
            note(f"{name} ({kind}): {write(node)}")
    for level in told.definitions.segments:
        for name, node in level.items():
            note(f"{name}: {write(node)}")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story())
def test_the_step_agrees_with_the_meaning(told):
    tell(told)
    assert disagreements(told) == []


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story())
def test_the_step_agrees_with_the_meaning_in_thousands_of_stories(told):
    tell(told)
    assert disagreements(told) == []


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story())
def test_a_state_written_down_and_read_again_changes_nothing(told):
    tell(told)
    assert disagreements(told, StoredLife) == []


COMPARISONS = ["<", "<=", ">", ">=", "=", "!="]
INSTANTS_OF_HERS = ["last(orders.at)", "first(visits.at)", "last(orders.due)", "min(orders.at, last 2 days)"]
FORMS = [
    "days_since({x}) {op} {c}",
    "{c} {op} days_since({x})",
    "-days_since({x}) {op} -{c}",
    "days_since({x}) between {c} and 2",
    "days_since({x}) / last(orders.weight) {op} {c}",
    "days_since({x}) * 0.3 - 0.1 {op} {c} / 3",
    "0.7 - days_since({x}) / 3 {op} -{c}",
    "now - {x} {op} 1 day",
    "{x} + 1 day - now {op} 0 days",
    "now {op} {x}",
    "calendar_days_since({x}) {op} {c}",
    "case when days_since({x}) <= {c} then 1 when days_since({x}) > {c} then 2 end {op} 2",
    "sum(orders.weight, last 1 day) {op} 0.3",
    "sum(orders.weight, last 2 days) {op} 0",
    "count(orders, today) {op} {c}",
]
"""Comparisons with the clock for which the step has ways of its own, and totals that may drift."""


@st.composite
def clockwork(draw) -> Story:
    """Draw a story about such comparisons, asked at the instants where they flip and beside them."""
    arrived, texts = draw(deliveries("summer", ["ada"])), draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=4))
    wanted = {}
    for place, text in enumerate(texts):
        filled = {"x": st.sampled_from(INSTANTS_OF_HERS), "op": st.sampled_from(COMPARISONS)}
        filled |= {"c": st.sampled_from(["0", "1", "2", "0.3", "1.5"])}
        wanted[f"wanted_{place}"] = (
            parse(text.format(**{name: draw(one) for name, one in filled.items()})),
            Type.BOOLEAN,
        )
    marks = {one.fact[name] for one in arrived for name in ("at", "due") if one.fact.get(name) is not None}
    marks |= {int(at + days * DAY) for at in marks for days in (0.3, 1, 1.1, 1.5, 2)}
    marks |= {next_start("day", at, "UTC") for at in marks} | {one.now for one in arrived} | {NOON}
    asked = draw(
        st.lists(st.tuples(st.sampled_from(sorted(marks)), st.sampled_from([-1, 0, 1])), min_size=1, max_size=15)
    )
    scored = {"ada": dict.fromkeys(SCORES)}
    world = World({"ada": {}}, (), wanted, 0, (), scored, "UTC")
    return Story(arrived, world, tuple(sorted({at + shift for at, shift in asked})))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=clockwork())
def test_the_step_agrees_with_the_meaning_by_the_clock(told):
    tell(told)
    assert disagreements(told) == []


def one_customer(told: Story) -> Story:
    return replace(told, deliveries=tuple(replace(one, customer="ada") for one in told.deliveries))


class Apart:
    """One customer whose facts come to two states, and to one that has them all."""

    def __init__(self, told: Story) -> None:
        self.step = step_of(told.definitions, told.fitted())
        self.left = list(told.deliveries)
        self.whole, *self.halves = [self.step.empty("ada") for _ in range(3)]
        self.scores = dict.fromkeys(SCORES) | told.definitions.scores["ada"]

    def until(self, at: Instant) -> None:
        while self.left and self.left[0].now <= at:
            one = self.left.pop(0)
            for state in (self.whole, self.halves[one.position % len(self.halves)]):
                self.begin(state, one.now)
                self.step.on_fact(state, one.stream, one.fact["at"], one.fact, one.now, one.position)
        for state in (self.whole, *self.halves):
            self.begin(state, at)
            self.drive(state, at)

    def begin(self, state, at: Instant) -> None:
        if self.step.now(state) is None:
            for name in self.step.scores:
                self.step.set_score(state, name, self.scores.get(name), at)

    def drive(self, state, at: Instant) -> None:
        wakes = 0
        while (wake := self.step.wake_at(state)) is not None and wake <= at:
            wakes += 1
            if wakes > MANY or self.step.given_up > FLICKERS:
                reject()
            self.step.on_time(state, wake)
        self.step.on_time(state, at)

    def all_of(self, state, at: Instant) -> dict:
        answers = self.step.answers(state)
        return answers | {name: self.step.value(state, name, at) for name in self.step.traits}


def unlike_replayed(told: Story) -> list[str]:
    """Say where a state merged half way isn't that of a customer who had all the facts, then and later on."""
    apart, middle = Apart(one_customer(told)), len(told.instants) // 2
    for place, at in enumerate(told.instants):
        apart.until(at)
        merged = apart.step.merge(*apart.halves) if place <= middle else apart.halves[0]
        if found := differences({"ada": apart.all_of(apart.whole, at)}, {"ada": apart.all_of(merged, at)}):
            return found
        if place == middle:
            apart.halves = [merged]
    return []


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story())
def test_merging_two_states_equals_replaying_the_united_facts(told):
    tell(told)
    try:
        assert unlike_replayed(told) == []
    except OverflowError:
        reject()


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story().map(one_customer))
def test_a_state_rebuilt_from_facts_is_the_one_that_lived_through_them(told):
    tell(told)
    try:
        apart = Apart(told)
        for at in told.instants:
            apart.until(at)
            facts = [
                (stream, one["at"], one) for stream, rows in told.world(at).histories["ada"].items() for one in rows
            ]
            rebuilt = apart.step.rebuild(facts, at, customer_id="ada")
            for name in apart.step.scores:
                apart.step.set_score(rebuilt, name, apart.scores.get(name), at)
            assert differences({"ada": apart.all_of(apart.whole, at)}, {"ada": apart.all_of(rebuilt, at)}) == []
    except OverflowError:
        reject()


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(told=story(trees=2))
def test_the_next_change_is_the_first_the_law_knows(told):
    tell(told)
    try:
        fitted, at = told.fitted(), told.instants[-1]
        life = Life(told, fitted)
        life.until(at)
        if life.step.people:
            reject()
        for name, state in life.states.items():
            law = {rule: told.definitions.ready().wanted.get(rule) for rule in life.step.answers(state)}
            for rule, node in law.items():
                if node is not None:
                    check_next(life, name, rule, node, at)
    except OverflowError:
        reject()


def check_next(life: Life, name: str, rule: str, node, at: Instant) -> None:
    world = life.story.world(at)

    def law(instant: Instant):
        return meaning(node, replace(world, at=instant).people(life.fitted)[name], instant)

    found = life.step.next_change(life.states[name], rule, at)
    if life.step.given_up:
        reject()
    now = law(at)
    marks = sorted(one["at"] + 1 for rows in world.histories[name].values() for one in rows if one["at"] >= at)
    if found is None:
        assert [law(mark) for mark in marks] == [now] * len(marks)
        return
    assert found > at
    assert law(found - 1) == now
    assert law(found) != now
    assert [law(mark) for mark in marks if mark < found] == [now] * sum(mark < found for mark in marks)


def caught(disagreements_of: Callable[[Story], list[str]], stories: SearchStrategy[Story]) -> bool:
    """Whether a property finds a disagreement within its first examples, without shrinking."""

    @settings(
        max_examples=4_000,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(told=stories)
    def holds(told):
        try:
            found = disagreements_of(told)
        except AssertionError:
            raise _CaughtError from None
        if found:
            raise _CaughtError

    try:
        holds()
    except _CaughtError:
        return True
    return False


class _CaughtError(Exception):
    """The planted error was found."""


def _window_closed_at_both_ends(planted):
    inside, let_go = updates._inside, updates._let_go
    planted.setattr(updates, "_inside", lambda window: inside(window).replace("at > T", "at >= T"))
    planted.setattr(
        updates, "_let_go", lambda *given: [line.replace("ats[i] <= lim", "ats[i] < lim") for line in let_go(*given)]
    )
    _leaves_a_microsecond_late(planted)


def _leaves_a_microsecond_late(planted):
    honest = updates._leaves
    planted.setattr(updates, "_leaves", lambda window, at: f"{honest(window, at)} + 1")


def _sleeps_through_what_is_searched_for(planted):
    planted.setattr(compiled.Compiled, "_searched", lambda self, atom, state, now: compiled.NEVER)


def _sleeps_through_ages(planted):
    planted.setattr(ages.Age, "flips", lambda self: [])


def _ages_flip_late(planted):
    honest = ages.Age.flips
    planted.setattr(ages.Age, "flips", lambda self: [age + 1 for age in honest(self)])


def _not_in_two_values(planted):
    planted.setitem(_READERS, Not, lambda self, node: self.let(f"not {self.value(node.part).text}", False))


def _late_facts_are_dropped(planted):
    honest = Step.on_fact

    def on_fact(self, state, stream, at, values, now, position=None):
        return () if at < now else honest(self, state, stream, at, values, now, position)

    planted.setattr(Step, "on_fact", on_fact)


def _the_future_is_seen(planted):
    honest = Step.on_fact

    def on_fact(self, state, stream, at, values, now, position=None):
        return honest(self, state, stream, min(at, now), values, now, position)

    planted.setattr(Step, "on_fact", on_fact)


def _counts_twice_what_comes_twice(planted):
    honest = Step.on_fact

    def on_fact(self, state, stream, at, values, now, position=None):
        return honest(self, state, stream, at, values, now, None)

    planted.setattr(Step, "on_fact", on_fact)


def _forgets_to_take_away(planted):
    for kind in ("total", "fixed_total"):
        planted.setitem(tallies.TALLIES, kind, replace(tallies.TALLIES[kind], remove=("pass",)))


def _totals_drift(planted):
    total = tallies.TALLIES["total"]
    drifting = replace(total, empty=0.0, add=("{t} += {v} * 1000000000",), remove=("{t} -= {v} * 1000000000",))
    planted.setitem(tallies.TALLIES, "fixed_total", drifting)


def _last_without_a_rule_for_ties(planted):
    add = ("kept = {t}", "if kept is None or {at} >= kept[0]:", "    {t} = ({at}, {v})")
    planted.setitem(tallies.TALLIES, "last", replace(tallies.TALLIES["last"], add=add))


def _a_sequence_is_never_open(planted):
    honest = histories._define_sequence
    planted.setattr(
        histories,
        "_define_sequence",
        lambda *given: [line.replace("return None if", "return False if") for line in honest(*given)],
    )


def _midnights_come_late(planted):
    planted.setitem(flips.KNOWN, "next_midnight", lambda *given: compiled.NEVER)


def _unknown_scores_are_nought(planted):
    honest = Step.set_score

    def set_score(self, state, name, value, now):
        return honest(self, state, name, 0 if value is None and SCORES[name] in MEASURES else value, now)

    planted.setattr(Step, "set_score", set_score)


def _everybody_has_one_draw(planted):
    planted.setattr(live, "draw_of", lambda salt, customer_id: draw_of(salt, ""))


_READERS = dict(emit.Body.__dict__["read"].dispatcher.registry)
"""How each kind of node is written; planted errors replace one."""

PLANTED = [
    _window_closed_at_both_ends,
    _leaves_a_microsecond_late,
    _sleeps_through_what_is_searched_for,
    _sleeps_through_ages,
    _ages_flip_late,
    _not_in_two_values,
    _late_facts_are_dropped,
    _the_future_is_seen,
    _counts_twice_what_comes_twice,
    _forgets_to_take_away,
    _totals_drift,
    _last_without_a_rule_for_ties,
    _a_sequence_is_never_open,
    _midnights_come_late,
    _unknown_scores_are_nought,
    _everybody_has_one_draw,
]


BY_THE_CLOCK = [_sleeps_through_ages, _ages_flip_late, _totals_drift, _midnights_come_late]


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_the_property_catches_a_planted_error(plant, monkeypatch):
    monkeypatch.setattr(emit.Body, "read", lambda self, node: _READERS[type(node)](self, node))
    plant(monkeypatch)
    assert caught(disagreements, clockwork() if plant in BY_THE_CLOCK else story())


def _forgets_what_waits(planted):
    honest = live.unite

    def unite(compiled, one, two):
        merged = honest(compiled, one, two)
        merged[slots.PENDING] = None
        return merged

    planted.setattr(live, "unite", unite)


def _keeps_the_windows_of_one(planted):
    honest = stored._unite_pool

    def unite_pool(layout, pool, one, two, merged):
        honest(layout, replace(pool, ats=None), one, two, merged)

    planted.setattr(stored, "_unite_pool", unite_pool)


def _keeps_the_history_of_one(planted):
    honest = live.unite

    def unite(compiled, one, two):
        merged = honest(compiled, one, two)
        for slot in compiled.layout.histories.values():
            merged[slot] = list(one[slot])
        return merged

    planted.setattr(live, "unite", unite)


@pytest.mark.slow
@pytest.mark.parametrize(
    "plant",
    [_forgets_what_waits, _keeps_the_windows_of_one, _keeps_the_history_of_one],
    ids=lambda plant: plant.__name__.strip("_"),
)
def test_merging_wrongly_is_caught(plant, monkeypatch):
    plant(monkeypatch)
    assert caught(unlike_replayed, story())
