"""Law 1: the batch query gives what the meaning says, on every history and at every instant."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from language_trees import STREAMS
from language_worlds import World, by_meaning, by_query, differences, fitted_in, out_of_reach, world

from smalti.errors import StoreError
from smalti.facts import Currency, Type
from smalti.rules import Customer, Vocabulary, answer_query, check, meaning, parse, query, write
from smalti.rules.nodes import Aggregate, Not

EXAMPLES = 6 * settings.default.max_examples // 5
SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


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


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(asked=world())
def test_the_query_agrees_with_the_meaning(asked, store):
    for name, (node, kind) in {**{k: v for level in asked.traits for k, v in level.items()}, **asked.wanted}.items():
        note(f"{name} ({kind}): {write(node)}")
    assert disagreements(asked, store) == []


def caught(store) -> bool:
    """Whether the property finds a disagreement within its first examples, without shrinking."""

    @settings(
        max_examples=300,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(asked=world())
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
    honest = query._Reading.counting

    def counting(self, node):
        conditions = honest(self, node)
        if node.last is not None:
            conditions[0] = self.table["at"] >= self.at - node.last
        return conditions

    planted.setattr(query._Reading, "counting", counting)


def _future_is_seen(planted):
    honest = query._facts
    planted.setattr(query, "_facts", lambda stream, at: honest(stream, at + 1))


def _not_in_two_values(planted):
    planted.setitem(_READERS, Not, lambda self, node: ~self.read(node.part).fill_null(False))


def _missing_is_zero_in_comparisons(planted):
    def zero(value):
        return value.fill_null(0) if value.type().is_numeric() else value

    def planted_compare(honest):
        return lambda left, right: honest(zero(left), zero(right))

    for op, honest in list(query._COMPARISONS.items()):
        planted.setitem(query._COMPARISONS, op, planted_compare(honest))


def _missing_counts_in_means(planted):
    def mean(_, column, where):
        return column.fill_null(0).cast("float64").mean(where=where)

    planted.setitem(query._SUMMARIES, "mean", mean)
    honest = query._Reading.counting

    def counting(self, node):
        return honest(self, Aggregate("count", node.stream, None, node.last, node.where))

    planted.setattr(query._Reading, "counting", counting)


def _last_without_a_rule_for_ties(planted):
    def last(table, column, where):
        return column.argmax(table["at"], where=where)

    planted.setitem(query._SUMMARIES, "last", last)


def _counts_of_nothing_are_missing(planted):
    planted.setitem(query.AGGREGATES, "count", replace(query.AGGREGATES["count"], empty=None))


def _least_passes_over_missing_values(planted):
    planted.setattr(query, "_known_only", lambda values, best: best)


def _division_by_zero_is_zero(planted):
    honest = _READERS[query.Arithmetic]

    def arithmetic(self, node):
        value = honest(self, node)
        return value.fill_null(0.0) if node.op == "/" else value

    planted.setitem(_READERS, query.Arithmetic, arithmetic)


_READERS = dict(query._Reading.__dict__["read"].dispatcher.registry)
"""How each kind of node is read; planted errors replace one, and `planted_reader` makes the reading use it."""

PLANTED = [
    _window_open_at_its_edge,
    _future_is_seen,
    _not_in_two_values,
    _missing_is_zero_in_comparisons,
    _missing_counts_in_means,
    _last_without_a_rule_for_ties,
    _counts_of_nothing_are_missing,
    _least_passes_over_missing_values,
    _division_by_zero_is_zero,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_the_property_catches_a_planted_error(plant, monkeypatch, store):
    monkeypatch.setattr(query._Reading, "read", lambda self, node: _READERS[type(node)](self, node))
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
