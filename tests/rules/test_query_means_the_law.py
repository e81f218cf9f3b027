"""Law 1: the batch query gives what the meaning says, on every history and at every instant."""

from __future__ import annotations

from dataclasses import replace

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st
from language_query import by_query
from language_trees import SEASONS, STREAMS
from language_worlds import World, an_edge, by_meaning, differences, edges, fitted_in, history, out_of_reach, world

from smalti.errors import StoreError
from smalti.facts import Currency, Type, civil, start_of
from smalti.rules import (
    Arithmetic,
    Before,
    Case,
    Customer,
    Last,
    Literal,
    Member,
    Not,
    This,
    Vocabulary,
    answer_query,
    check,
    meaning,
    parse,
    write,
)
from smalti.rules.needs import Definitions
from smalti.rules.query import calendar, customers, reading, scanning, sequences, summaries
from smalti.rules.query.reading import ITS, Reading

EXAMPLES = min(settings.default.max_examples, 5_000)
"""Of some hundred answers each."""
"""Worlds; each asks some ten trees of twelve customers, which makes a hundred and more answers."""
SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


MORE = [f"one more {number}" for number in range(8)]


@st.composite
def crowded(draw) -> World:
    """Draw a world with more customers: to ask a query of them costs no more."""
    asked = draw(world())
    title = min(SEASONS, key=lambda one: abs(SEASONS[one].marks[0] - asked.at))
    return replace(asked, histories={**asked.histories, **{name: draw(history(title)) for name in MORE}})


TELLING = {
    "count(orders, last 2 days)": Type.INTEGER,
    "mean(orders.quantity, last 1 days)": Type.NUMBER,
    "last(orders.channel, last 3 days)": Type.TEXT,
    "any(orders, where not followed_by(visits, within 1 days))": Type.BOOLEAN,
    "count(orders, where followed_by(orders, within 2 days) is missing)": Type.INTEGER,
    "count(visits, where not followed_by(orders, within 2 days, where channel = its.page))": Type.INTEGER,
    "count(orders, where preceded_by(visits, within 1 days))": Type.INTEGER,
    "all(orders, where revenue > 50)": Type.BOOLEAN,
    "nth(orders.revenue, 2)": Type.MONEY,
    "count(orders, today)": Type.INTEGER,
    "count(orders, before last(orders.at))": Type.INTEGER,
    "count(orders, between first(orders.at) and last(visits.at))": Type.INTEGER,
    "years_since(last(customers.born))": Type.INTEGER,
    "member(vague)": Type.BOOLEAN,
    "bucket('spring')": Type.NUMBER,
    "all_people(age > 1)": Type.BOOLEAN,
    "no_person(newsletter)": Type.BOOLEAN,
}
"""Trees at whose edges readings go wrong, so that few worlds are enough to see it."""


@st.composite
def telling(draw) -> World:
    """Draw a world in which trees are asked that are quick to tell an error."""
    asked = draw(crowded())
    texts = draw(st.lists(st.sampled_from(list(TELLING)), min_size=8, max_size=8, unique=True))
    wanted = {f"told_{number}": (parse(text), TELLING[text]) for number, text in enumerate(texts)}
    title = min(SEASONS, key=lambda one: abs(SEASONS[one].marks[0] - asked.at))
    marks = edges(asked.histories, [node for node, _ in wanted.values()], SEASONS[title])
    at = draw(an_edge(marks)) + draw(st.sampled_from([0, 0, -1, 1]))
    return replace(asked, traits=(), segments=({"vague": parse("age > 1")},), wanted=wanted, at=at)


def disagreements(asked: World, store) -> list[str]:
    fitted = fitted_in(asked)
    law = by_meaning(asked, fitted)
    try:
        told = by_query(asked, fitted, store)
    except StoreError:
        if out_of_reach(asked, fitted):
            reject()
        raise
    return differences(law, told)


WORLDS = st.one_of(crowded(), crowded(), crowded(), telling())


def tell(asked: World) -> None:
    for name, (node, kind) in {**{k: v for level in asked.traits for k, v in level.items()}, **asked.wanted}.items():
        note(f"{name} ({kind}): {write(node)}")


@settings(max_examples=EXAMPLES * 2 // 5, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(asked=WORLDS)
def test_the_query_agrees_with_the_meaning(asked, store):
    tell(asked)
    assert disagreements(asked, store) == []


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(asked=WORLDS)
def test_the_query_agrees_with_the_meaning_in_more_worlds(asked, store):
    tell(asked)
    assert disagreements(asked, store) == []


def caught(store) -> bool:
    """Whether the property finds a disagreement within its first examples, without shrinking."""

    @settings(
        max_examples=400,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(asked=st.one_of(crowded(), telling()))
    def agrees(asked):
        if disagreements(asked, store):
            raise _CaughtError

    try:
        agrees()
    except _CaughtError:
        return True
    return False


class _CaughtError(Exception):
    """The planted error was found."""


def _window_open_at_its_edge(planted):
    honest = Reading.window

    def window(self, asked):
        if isinstance(asked, Last):
            return [self.table["at"] >= self.at - asked.duration]
        return honest(self, asked)

    planted.setattr(Reading, "window", window)


def _this_day_begins_a_microsecond_late(planted):
    honest = Reading.window

    def window(self, asked):
        if isinstance(asked, This):
            return [self.table["at"] > start_of(asked.unit, self.at, asked.zone)]
        return honest(self, asked)

    planted.setattr(Reading, "window", window)


def _before_includes_its_bound(planted):
    honest = Reading.window

    def window(self, asked):
        return [self.table["at"] <= self.value(asked.instant)] if isinstance(asked, Before) else honest(self, asked)

    planted.setattr(Reading, "window", window)


def _future_is_seen(planted):
    honest = scanning.flagged
    planted.setattr(
        scanning,
        "flagged",
        lambda streams, stream, columns, asked, at, dialect: honest(streams, stream, columns, asked, at + 1, dialect),
    )


def _followed_a_microsecond_too_late(planted):
    def later(honest):
        def apart(table, sequence):
            longer = sequence.within + 1 if sequence.within is not None else None
            return honest(table, replace(sequence, within=longer))

        return apart

    for name in ("_apart", "_frame"):
        planted.setattr(sequences, name, later(getattr(sequences, name)))


def _followed_by_what_happens_at_once(planted):
    def apart(pairs, sequence):
        early, late = pairs[ITS + "at"], pairs["at"]
        if sequence.order == "preceded_by":
            early, late = late, early
        return [early <= late, *([late <= early + sequence.within] if sequence.within is not None else [])]

    def frame(line, sequence):
        around = {"group_by": line["_customer"], "order_by": line["at"]}
        if sequence.order == "followed_by":
            return ibis.range_window(following=(0, sequence.within), **around)
        return ibis.range_window(preceding=(sequence.within, 0), **around)

    planted.setattr(sequences, "_apart", apart)
    planted.setattr(sequences, "_frame", frame)


def _what_may_still_follow_does_not(planted):
    planted.setattr(sequences, "_flag", lambda joined, sequence, at: joined[sequences._CUSTOMER].notnull())


def _a_window_to_be_followed_in_closes_late(planted):
    honest = sequences._flag
    planted.setattr(sequences, "_flag", lambda joined, sequence, at: honest(joined, sequence, at - 1))


def _all_passes_over_the_unknown(planted):
    planted.setattr(summaries, "_broken", lambda condition: ~condition)


def _the_second_is_the_third(planted):
    honest = summaries.numbered

    def numbered(reading, asked):
        return honest(reading, {name: replace(one, nth=one.nth + 1) for name, one in asked.items()})

    planted.setattr(scanning, "numbered", numbered)


def _members_of_unknown_count(planted):
    honest = Definitions.column

    def column(self, need):
        if isinstance(need, Member):
            left_out = Not(self.segments[need.segment])
            return Case(((left_out, Literal(False, Type.BOOLEAN)),), Literal(True, Type.BOOLEAN))
        return honest(self, need)

    planted.setattr(Definitions, "column", column)


def _people_who_do_not_know_say_no(planted):
    def told(counts, name, quantifier):
        decisive = counts[f"{name}_false" if quantifier == "all" else f"{name}_true"].fill_null(0) > 0
        return decisive if quantifier == "any" else ~decisive

    planted.setattr(customers, "_told", told)


def _ages_grow_on_new_years_day(planted):
    planted.setitem(calendar._DATES, "years_since", lambda date, day, bind: calendar._whole(civil(day)[0]) - date.year)


def _not_in_two_values(planted):
    planted.setitem(_READERS, Not, lambda self, node: ~self.read(node.part).fill_null(False))


def _missing_is_zero_in_comparisons(planted):
    def zero(value):
        return value.fill_null(0) if value.type().is_numeric() else value

    def planted_compare(honest):
        return lambda left, right: honest(zero(left), zero(right))

    for op, honest in list(reading.COMPARISONS.items()):
        planted.setitem(reading.COMPARISONS, op, planted_compare(honest))


def _missing_counts_in_means(planted):
    def mean(column, where, dialect):
        return column.fill_null(0).cast("float64").mean(where=where)

    planted.setitem(summaries.SUMMARIES, "mean", mean)
    honest = summaries._conditions
    planted.setattr(summaries, "_conditions", lambda self, node: honest(self, replace(node, column=None)))


def _last_without_a_rule_for_ties(planted):
    def dated(table, column, where, node):
        return column.argmax(table["at"], where=where) if node.function == "last" else column.min(where=where)

    planted.setattr(summaries, "_dated", dated)


def _counts_of_nothing_are_missing(planted):
    planted.setitem(customers.AGGREGATES, "count", replace(customers.AGGREGATES["count"], empty=None))


def _least_passes_over_missing_values(planted):
    planted.setattr(reading, "known_only", lambda values, best: best)


def _division_by_zero_is_zero(planted):
    honest = _READERS[Arithmetic]

    def arithmetic(self, node):
        value = honest(self, node)
        return value.fill_null(0.0) if node.op == "/" else value

    planted.setitem(_READERS, Arithmetic, arithmetic)


def _draws_of_another_name(planted):
    honest = reading._draw
    planted.setattr(reading, "_draw", lambda salt, here: honest(salt.lower(), here))


def _draws_read_backwards(planted):
    honest = reading._digit
    planted.setattr(reading, "_digit", lambda text, place: honest(text, 9 - place))


_READERS = dict(Reading.__dict__["read"].dispatcher.registry)
"""How each kind of node is read; planted errors replace one, and the test makes the reading use it."""

PLANTED = [
    _window_open_at_its_edge,
    _this_day_begins_a_microsecond_late,
    _before_includes_its_bound,
    _future_is_seen,
    _followed_a_microsecond_too_late,
    _followed_by_what_happens_at_once,
    _what_may_still_follow_does_not,
    _a_window_to_be_followed_in_closes_late,
    _all_passes_over_the_unknown,
    _the_second_is_the_third,
    _members_of_unknown_count,
    _people_who_do_not_know_say_no,
    _ages_grow_on_new_years_day,
    _not_in_two_values,
    _missing_is_zero_in_comparisons,
    _missing_counts_in_means,
    _last_without_a_rule_for_ties,
    _counts_of_nothing_are_missing,
    _least_passes_over_missing_values,
    _division_by_zero_is_zero,
    _draws_of_another_name,
    _draws_read_backwards,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_the_property_catches_a_planted_error(plant, monkeypatch, store):
    monkeypatch.setattr(Reading, "read", lambda self, node: _READERS[type(node)](self, node))
    plant(monkeypatch)
    assert caught(store)


@pytest.mark.parametrize(
    ("offset", "inside"), [(-1, False), (0, True), (1, True), (29, True), (30, False), (31, False)]
)
def test_a_fact_leaves_a_window_exactly_at_its_instant_plus_the_window(offset, inside, store):
    at = 1_000
    rule = check(parse("count(orders, last 30 microseconds) >= 1"), VOCABULARY).node
    asked = World({"ada": {"orders": [{"at": at}]}}, (), {"answer": (rule, Type.BOOLEAN)}, at + offset)
    assert meaning(rule, Customer(asked.histories["ada"]), asked.at) is inside
    assert by_query(asked, {}, store)["ada"]["answer"] is inside


def test_a_quantile_fitted_on_nobody_is_missing_in_every_type(store):
    for kind, text in [(Type.MONEY, "sum(orders.revenue)"), (Type.NUMBER, "sum(orders.weight)")]:
        rule = parse(f"case when true then quantile({text}, 0.5, where false) else {text} end")
        asked = World({"ada": {}}, (), {"answer": (rule, kind)}, 0)
        assert by_query(asked, fitted_in(asked), store) == {"ada": {"answer": None}}


@pytest.mark.parametrize("text", ["age = {}", "{} in (0)", "age != {}", "age between {} and {}", "not age < {}"])
def test_comparing_with_a_quantile_fitted_on_nobody_is_unknown(text, store):
    rule = parse(text.replace("{}", "quantile(age, 0.5, where false)"))
    histories = {"new": {}, "ada": {"customers": [{"at": 0, "age": 7}]}}
    asked = World(histories, (), {"answer": (rule, Type.BOOLEAN)}, 0)
    assert by_query(asked, fitted_in(asked), store) == {"new": {"answer": None}, "ada": {"answer": None}}


@pytest.mark.parametrize(
    "text",
    ["(not newsletter) is missing", "(not not newsletter) is not missing", "(age = 7) is missing", "(-age) is missing"],
)
def test_whether_a_condition_is_unknown_can_be_asked(text, store):
    histories = {"new": {}, "ada": {"customers": [{"at": 0, "age": 7, "newsletter": False}]}}
    asked = World(histories, (), {"answer": (parse(text), Type.BOOLEAN)}, 0)
    told = by_query(asked, {}, store)
    assert told == by_meaning(asked, {})
    assert told["new"] != told["ada"]


def test_numbers_written_out_keep_every_bit(store):
    store.put("base", BASE)
    for number in (0.1 + 0.2, 1 / 3, 1e-300, 1.7976931348623157e308, 123456789.12345679):
        tree = parse(repr(number))
        answer = store.read(answer_query("base", {}, {"number": tree}, 0, {}, store.dialect))
        assert answer["number"].to_pylist() == [number]


def test_whole_numbers_are_sixty_four_bits_wide(store):
    store.put("base", BASE)
    answer = store.read(answer_query("base", {}, {"n": parse("2000000000 + 2000000000")}, 0, {}, store.dialect))
    assert answer["n"].to_pylist() == [4_000_000_000]


def test_conditions_that_differ_in_case_or_blanks_only_are_told_apart(store):
    facts = [{"at": 0, "channel": channel} for channel in ("web", "Web", "Web", "a b", "a  b", "a  b", "a  b")]
    wanted = {
        f"n{number}": (parse(f"count(orders, where channel = '{channel}')"), Type.INTEGER)
        for number, channel in enumerate(["web", "Web", "a b", "a  b"])
    }
    answers = by_query(World({"ada": {"orders": facts}}, (), wanted, 0), {}, store)
    assert answers == {"ada": {"n0": 1, "n1": 2, "n2": 1, "n3": 3}}


def test_lower_is_the_same_for_every_letter_there_is(store):
    letters = "".join(chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF)
    words = [letters[start : start + 100] for start in range(0, len(letters), 100)]
    facts = {f"c{number}": {"orders": [{"at": 0, "channel": word}]} for number, word in enumerate(words)}
    asked = World(facts, (), {"word": (parse("lower(last(orders.channel))"), Type.TEXT)}, 0)
    assert differences(by_meaning(asked, {}), by_query(asked, {}, store)) == []


BASE = pa.table({"customer_id": ["ada"]})
VOCABULARY = Vocabulary(STREAMS, {}, Currency("GBP"))
