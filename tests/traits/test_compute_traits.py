"""Law 1 for traits: one pass over each stream gives what the law says of every customer, one by one."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trait_worlds import NOW, STREAMS, World, by_compute, by_law, differences, invented, ready

from smalti.facts import DAY, Currency, Type
from smalti.project import Project, prepare
from smalti.rules import Vocabulary, check, column_of, parse, quantile_of
from smalti.traits import Computed, Trait, compute, fit, standard_traits

CALM = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def library():
    """Attributes, the whole standard library, and the traits of the frameworks."""
    return prepare(Project(currency="GBP", sources={"orders": {"from": "orders.csv"}}), STREAMS).traits


@settings(max_examples=15, **CALM)
@given(
    seed=st.integers(0, 2**32),
    customers=st.integers(1, 9),
    facts=st.integers(0, 5),
    empty=st.sets(st.sampled_from(sorted(STREAMS))),
)
def test_the_whole_library_agrees_with_the_law(seed, customers, facts, empty, library, store):
    world = invented(seed, customers, facts, empty)
    law, fitted = by_law(world, library)
    told, computed = by_compute(world, library, store)
    assert differences(law, told) == []
    assert computed.fitted == fitted


@pytest.mark.parametrize("later", [-1, 0, 1, 89 * DAY, 90 * DAY - 1, 90 * DAY, 365 * DAY])
def test_a_history_is_cut_at_the_instant_asked_about(later, library, store):
    world = invented(later, 6, 8)
    asked = World(world.histories, STREAMS, NOW - 200 * DAY + later)
    law, _ = by_law(asked, library)
    assert differences(law, by_compute(asked, library, store)[0]) == []


def test_who_is_not_yet_known_is_not_there(library, store):
    histories = {
        "tomorrow": {"orders": [{"at": NOW + 1, "day": 20_000, "revenue": 1}]},
        "today": {"orders": [{"at": NOW, "day": 20_000, "revenue": 1}]},
    }
    assert by_compute(World(histories, STREAMS, NOW), library, store)[0].keys() == {"today"}


def test_nobody_at_all_is_a_table_without_rows(library, store):
    told, computed = by_compute(World({}, STREAMS, NOW), library, store)
    assert told == {}
    assert set(computed.fitted.values()) == {None}


def test_a_customer_known_only_by_a_stream_nobody_asks_about_is_there(store):
    histories = {
        "returner": {"returns": [{"at": NOW}]},
        "buyer": {"orders": [{"at": NOW, "revenue": 1, "channel": "web"}]},
    }
    for text in ("count(orders)", "most_frequent(orders.channel)"):
        told, _ = by_compute(World(histories, STREAMS, NOW), ready({"n": text}, STREAMS), store)
        assert told.keys() == {"returner", "buyer"}, text


def test_a_customer_without_a_known_value_is_there_all_the_same(store):
    histories = {"ada": {"orders": [{"at": NOW, "channel": None}]}}
    told, _ = by_compute(World(histories, STREAMS, NOW), ready({"n": "most_frequent(orders.channel)"}, STREAMS), store)
    assert told == {"ada": {"n": None}}


CHAIN = {
    "a": "count(orders)",
    "b": "a + 1",
    "half": "case when a <= quantile(a, 0.5) then b end",
    "tenth_of_half": "case when half <= quantile(half, 0.1) then 1 when half > quantile(half, 0.1) then 2 end",
    "both": "quantile(half, 0.1) + quantile(a, 0.5) + tenth_of_half",
    "above": "both - quantile(both, 0.5, where tenth_of_half = 1)",
    "nested": "quantile(case when a > quantile(a, 0.5) then a end, 0.9) - a",
    "after": "above + nested + a",
}


@settings(max_examples=15, **CALM)
@given(seed=st.integers(0, 2**32), customers=st.integers(1, 12))
def test_quantiles_of_quantiles_and_chains_agree_with_the_law(seed, customers, store):
    world = invented(seed, customers, 5)
    traits = ready(CHAIN, STREAMS)
    law, fitted = by_law(world, traits)
    told, computed = by_compute(world, traits, store)
    assert differences(law, told) == []
    assert computed.fitted == fitted


@pytest.mark.parametrize("order", [["inner", "outer"], ["outer", "inner"], ["outer"]], ids=" ".join)
def test_a_quantile_is_fitted_before_the_one_around_it_whoever_speaks_of_it_first(order, store):
    texts = {
        "n": "count(orders)",
        "inner": "n > quantile(n, 0.5)",
        "outer": "n >= quantile(case when n > quantile(n, 0.5) then n end, 0.5)",
    }
    world = invented(5, 9, 5)
    traits = ready({name: texts[name] for name in ["n", *order]}, STREAMS)
    law, _ = by_law(world, traits)
    assert differences(law, by_compute(world, traits, store)[0]) == []


class Watched:
    """A store that notes the queries it is given."""

    def __init__(self, store):
        self._store = store
        self.queries = []

    def create(self, name, query):
        self.queries.append(query)
        self._store.create(name, query)

    def read(self, query):
        self.queries.append(query)
        return self._store.read(query)

    def __getattr__(self, name):
        return getattr(self._store, name)

    def passes(self, stream):
        """Count how often the queries read a stream's table."""
        return sum(len(re.findall(rf'FROM "?{stream}"? AS', query)) for query in self.queries)


def test_each_stream_is_read_once_but_for_the_most_frequent(library, store):
    invented(1, 20, 6).put(store)
    watched = Watched(store)
    compute(watched, STREAMS, library, [], NOW, "computed")
    frequent = {"orders": 1, "order_items": 1, "returns": 0, "customers": 0}
    assert {name: watched.passes(name) for name in STREAMS} == {name: 1 + more for name, more in frequent.items()}


def test_more_traits_do_not_read_a_stream_more_often(store):
    invented(1, 20, 6).put(store)
    texts = {f"t{days}": f"sum(orders.revenue, last {days} days)" for days in range(1, 60)}
    watched = Watched(store)
    compute(watched, STREAMS, ready(texts | {"n": "t5 + t6"}, STREAMS), [], NOW, "computed")
    assert watched.passes("orders") == 1


def test_what_is_worked_with_on_the_way_is_let_go(library, store):
    invented(1, 5, 6).put(store)
    compute(store, STREAMS, library, [], NOW, "computed")
    names = store.read("SELECT table_name AS name FROM information_schema.tables")["name"].to_pylist()
    assert [name for name in names if name.startswith("_")] == []


def test_aggregates_that_only_rules_speak_of_are_kept_and_others_are_not(store):
    rule = check(
        parse("count(returns, last 30 days) > 0 and n > 1"), Vocabulary(STREAMS, {"n": Type.INTEGER}, Currency("GBP"))
    )
    counted = rule.node.parts[0].left
    traits = ready({"n": "count(orders) + count(returns)"}, STREAMS)
    world = invented(2, 6, 5)
    world.put(store)
    computed = compute(store, STREAMS, traits, [rule.node], NOW, "computed")
    assert list(computed.types) == ["n", column_of(counted)]
    assert store.table("computed").column_names == ["customer_id", "n", column_of(counted)]
    law, _ = by_law(world, [Trait("c", Type.INTEGER, counted, "c")])
    rows = {row["customer_id"]: row[column_of(counted)] for row in store.table("computed").to_pylist()}
    assert rows == {name: values["c"] for name, values in law.items()}


def column(values, kind):
    return pa.table({"customer_id": [f"c{i}" for i in range(len(values))], "x": pa.array(values, kind)})


NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.integers(-(2**52), 2**52))
REALS = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.1, 0.3]), st.floats(-1e9, 1e9, allow_nan=False))


@settings(max_examples=60, **CALM)
@given(
    values=st.one_of(
        st.tuples(st.just("integer"), st.lists(NUMBERS, max_size=40)),
        st.tuples(st.just("number"), st.lists(REALS, max_size=40)),
    ),
    p=st.one_of(st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.25, 0.5, 0.6, 0.8, 0.95, 1.0]), st.floats(0, 1)),
    at_least=st.one_of(st.none(), st.integers(-3, 3)),
)
def test_fit_is_the_quantile_of_the_law(values, p, at_least, store):
    kind, known = Type(values[0]), values[1]
    store.put("people", column(known, pa.int64() if kind is Type.INTEGER else pa.float64()))
    among = "" if at_least is None else f", where x >= {at_least}"
    node = check(
        parse(f"quantile(x, {p!r}{among})".replace("e-", "e-")), Vocabulary({}, {"x": kind}, Currency("GBP"))
    ).node
    computed = Computed("people", {"x": kind}, {})
    fit(store, computed, [node], NOW)
    counted = [one for one in known if one is not None and (at_least is None or one >= at_least)]
    wanted = quantile_of(counted, p)
    found = computed.fitted[node]
    assert found == wanted
    assert type(found) is type(wanted)


def test_quantiles_of_the_same_population_share_one_reading(store):
    store.put("people", column([1, 2, 3], pa.int64()))
    nodes = [
        check(parse(f"quantile(x, {p})"), Vocabulary({}, {"x": Type.INTEGER}, Currency("GBP"))).node
        for p in np.linspace(0.1, 0.9, 9)
    ]
    watched = Watched(store)
    computed = Computed("people", {"x": Type.INTEGER}, {})
    fit(watched, computed, nodes, NOW)
    assert (len(watched.queries), len(computed.fitted)) == (1, 9)


def test_what_is_fitted_stays_fitted(store):
    store.put("people", column([1, 2, 3], pa.int64()))
    node = check(parse("quantile(x, 0.5)"), Vocabulary({}, {"x": Type.INTEGER}, Currency("GBP"))).node
    computed = Computed("people", {"x": Type.INTEGER}, {node: 77})
    fit(store, computed, [node], NOW)
    assert computed.fitted == {node: 77}


def test_the_standard_library_is_not_forgotten_here(library):
    assert standard_traits(STREAMS, {}).keys() <= {trait.name for trait in library}
