"""Law 1 for traits: one pass over each stream gives what the law says of every customer, one by one."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trait_worlds import NOW, STREAMS, World, by_compute, by_law, differences, invented, ready

from smalti.errors import SmaltiError
from smalti.facts import DAY, Column, Currency, Stream, Type
from smalti.project import Project, prepare
from smalti.rules import Vocabulary, check, column_of, parse, quantile_of
from smalti.traits import Computed, Trait, answer, compute, standard_traits

CALM = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def library():
    """Attributes, the whole standard library, and the traits of the frameworks."""
    return prepare(Project(currency="GBP", sources={"orders": {"from": "orders.csv"}}), STREAMS).traits


WORLDS = st.builds(
    invented,
    seed=st.integers(0, 2**32),
    customers=st.integers(1, 9),
    facts=st.integers(0, 5),
    empty=st.sets(st.sampled_from(sorted(STREAMS))),
)


def agrees_with_the_law(world, library, store):
    law, fitted = by_law(world, library)
    told, computed = by_compute(world, library, store)
    assert differences(law, told) == []
    assert computed.fitted == fitted


@settings(max_examples=6, **CALM)
@given(world=WORLDS)
def test_the_whole_library_agrees_with_the_law(world, library, store):
    agrees_with_the_law(world, library, store)


@pytest.mark.slow
@settings(max_examples=40, **CALM)
@given(world=WORLDS)
def test_the_whole_library_agrees_with_the_law_in_more_worlds(world, library, store):
    agrees_with_the_law(world, library, store)


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


def test_each_stream_is_read_once_but_for_the_most_frequent_and_what_was_before_the_latest(library, store):
    invented(1, 20, 6).put(store)
    watched = Watched(store)
    compute(watched, STREAMS, library, [], NOW, "computed")
    further = {"orders": 2, "order_items": 1, "returns": 0, "customers": 0}
    assert {name: watched.passes(name) for name in STREAMS} == {name: 1 + more for name, more in further.items()}


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
    answer(store, computed, {"cut": node}, NOW)
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
    answer(watched, computed, {f"cut_{number}": node for number, node in enumerate(nodes)}, NOW)
    assert (len(watched.queries), len(computed.fitted)) == (2, 9), "one to fit all, one to answer"


def test_what_is_fitted_stays_fitted(store):
    store.put("people", column([1, 2, 3], pa.int64()))
    node = check(parse("quantile(x, 0.5)"), Vocabulary({}, {"x": Type.INTEGER}, Currency("GBP"))).node
    computed = Computed("people", {"x": Type.INTEGER}, {node: 77})
    answer(store, computed, {"cut": node}, NOW)
    assert computed.fitted == {node: 77}


def test_the_standard_library_is_not_forgotten_here(library):
    assert standard_traits(STREAMS, {}).keys() <= {trait.name for trait in library}


def four_hundred():
    """Give the texts of 400 traits over three streams: windows, filters, all that facts are taken into one by one."""
    texts = {}
    for number in range(100):
        last, where = f"last {number + 1} days", f"where revenue > {number}"
        texts |= {
            f"n_{number}": f"count(orders, {last})",
            f"s_{number}": f"sum(orders.revenue, {last}, {where})",
            f"f_{number}": f"last(order_items.product, {last}, {where})",
            f"r_{number}": f"distinct(returns.order_id, this year, where refund > {number}) + n_{number}",
        }
    return texts


def test_four_hundred_traits_over_three_streams_take_three_scans(store):
    streams = {name: STREAMS[name] for name in ("orders", "order_items", "returns")}
    invented(1, 20, 6, ["customers"]).put(store)
    watched = Watched(store)
    compute(watched, streams, ready(four_hundred(), streams), [], NOW, "computed")
    assert {name: watched.passes(name) for name in streams} == {"orders": 1, "order_items": 1, "returns": 1}


@pytest.mark.parametrize(
    ("texts", "passes"),
    [
        (["nth(orders.at, 2)", "nth(orders.revenue, 3, last 90 days)", "nth(orders.at, 1, where revenue > 5)"], 2),
        (["most_frequent(orders.channel)", "most_frequent(orders.channel, last 90 days)"], 2),
        (["most_frequent(orders.channel)", "most_frequent(orders.category)"], 3),
        (["count(orders, after last(returns.at))", "sum(orders.revenue, before first(returns.at))"], 2),
    ],
    ids=["the n-th", "one most frequent", "two most frequent", "bounded by customer"],
)
def test_what_must_wait_or_be_counted_first_takes_a_pass_more_together(texts, passes, store):
    invented(1, 20, 6).put(store)
    watched = Watched(store)
    traits = ready({f"t{number}": text for number, text in enumerate(["count(orders)", *texts])}, STREAMS)
    compute(watched, STREAMS, traits, [], NOW, "computed")
    assert watched.passes("orders") == passes


def test_a_sequence_joins_the_streams_it_speaks_of(store):
    invented(1, 20, 6).put(store)
    watched = Watched(store)
    text = "count(orders, where followed_by(returns, within 30 days, where order_id = its.order_id))"
    compute(
        watched, STREAMS, ready({"n": "count(orders)", "r": "count(returns)", "t": text}, STREAMS), [], NOW, "computed"
    )
    assert (watched.passes("orders"), watched.passes("returns")) == (2, 2)


STAGES = {
    "first_return": "first(returns.at)",
    "before_it": "count(orders, before first_return)",
    "since_then": "sum(orders.revenue, after first_return, where preceded_by(returns, within 30 days))",
    "often": "before_it > quantile(before_it, 0.5)",
    "second": "nth(orders.at, 2, before now - 1 day)",
    "late": "count(orders, between second and last(returns.at))",
    "age_of_first": "calendar_days_since(first_return) + hour(second)",
}


@settings(max_examples=15, **CALM)
@given(seed=st.integers(0, 2**32), customers=st.integers(1, 9))
def test_windows_bounded_by_traits_agree_with_the_law(seed, customers, store):
    world = invented(seed, customers, 5)
    traits = ready(STAGES, STREAMS)
    law, fitted = by_law(world, traits)
    told, computed = by_compute(world, traits, store)
    assert differences(law, told) == []
    assert computed.fitted == fitted


def asked(text, types, **words):
    checked = check(parse(text), Vocabulary(STREAMS, types, Currency("GBP"), **words))
    assert not checked.problems, [str(problem) for problem in checked.problems]
    return checked.node


def test_segments_may_be_asked_of_each_other_and_fit_on_the_way(store):
    histories = {
        f"c{number}": {"orders": [{"at": NOW - day, "revenue": 100} for day in range(number)]} for number in range(1, 6)
    }
    world = World(histories, STREAMS, NOW)
    world.put(store)
    types = {"n": Type.INTEGER}
    segments = {
        "many": asked("n > quantile(n, 0.5)", types),
        "most": asked("member(many) and n >= quantile(n, 0.9, where member(many))", types, segments=["many"]),
    }
    traits = ready({"n": "count(orders)"}, STREAMS)
    computed = compute(store, STREAMS, traits, segments.values(), NOW, "computed", segments=segments)
    wanted = {"both": asked("member(many) and not member(most)", types, segments=list(segments))}
    answers = answer(store, computed, wanted | segments, NOW)
    assert answers.to_pydict() == {
        "customer_id": ["c1", "c2", "c3", "c4", "c5"],
        "both": [False, False, False, True, False],
        "many": [False, False, False, True, True],
        "most": [False, False, False, False, True],
    }
    assert sorted(computed.fitted.values()) == [3, 5]
    assert store.table("computed").column_names == ["customer_id", "n"]


def test_a_score_is_known_before_and_what_it_bounds_waits_for_it(store):
    histories = {"ada": {"orders": [{"at": NOW - 2}, {"at": NOW - 1}]}, "bob": {"orders": [{"at": NOW - 2}]}}
    World(histories, STREAMS, NOW).put(store)
    store.put("scores", pa.table({"customer_id": ["ada", "eve"], "seen": pa.array([NOW - 2, None], pa.int64())}))
    scores = {"seen": Type.INSTANT}
    traits = [Trait("n", Type.INTEGER, asked("count(orders, after score(seen))", {}, scores=scores), "n")]
    known = Computed("scores", dict(scores), {})
    computed = compute(store, STREAMS, traits, [], NOW, "computed", known=known)
    rows = sorted(store.table(computed.table).to_pylist(), key=lambda row: row["customer_id"])
    assert rows == [{"customer_id": "ada", "seen": NOW - 2, "n": 1}, {"customer_id": "eve", "seen": None, "n": 0}]


def test_what_bounds_a_window_and_is_not_known_is_named(store):
    World({}, STREAMS, NOW).put(store)
    rule = asked("count(orders, after score(seen)) > 1", {}, scores={"seen": Type.INSTANT})
    with pytest.raises(SmaltiError, match="not known when it is asked for: seen"):
        compute(store, STREAMS, [], [rule], NOW, "computed")


def test_segments_in_a_circle_are_named(store):
    World({"ada": {"orders": [{"at": NOW}]}}, STREAMS, NOW).put(store)
    segments = {
        "one": asked("not member(two)", {}, segments=["two"]),
        "two": asked("not member(one)", {}, segments=["one"]),
    }
    computed = compute(store, STREAMS, [], segments.values(), NOW, "computed", segments=segments)
    with pytest.raises(SmaltiError, match=r"in a circle: member\(one\), member\(two\)"):
        answer(store, computed, segments, NOW)


def test_the_usual_gap_does_not_move_with_the_clock(library, store):
    histories = {"ada": {"orders": [{"at": NOW - day * DAY, "day": NOW // DAY - day} for day in (1, 5, 11)]}}
    gaps = {
        by_compute(World(histories, STREAMS, NOW + later), library, store)[0]["ada"]["typical_gap_days"]
        for later in (0, 1, 12_345, DAY)
    }
    assert gaps == {5.0}


def test_an_account_that_only_its_people_name_is_there_where_accounts_are_asked(store):
    streams = {
        "customers": Stream("customers", (Column("company", Type.TEXT),)),
        "orders": Stream("orders", (Column("revenue", Type.MONEY),)),
    }
    histories = {
        "ada": {"customers": [{"at": NOW, "company": "acme"}], "orders": [{"at": NOW, "revenue": 1}]},
        "bob": {"customers": [{"at": NOW, "company": ""}, {"at": NOW + 1, "company": "later"}]},
    }
    World(histories, streams, NOW).put(store)
    words = Vocabulary(streams, {}, Currency("GBP"), account="company")
    awake = check(parse("any_person(count(orders) > 0)"), words).node
    computed = compute(store, streams, [], [awake], NOW, "computed")
    assert answer(store, computed, {"awake": awake}, NOW).to_pydict() == {
        "customer_id": ["acme", "ada", "bob"],
        "awake": [True, False, False],
    }
