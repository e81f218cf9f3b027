"""Every standard segmentation puts each customer into exactly one segment, whoever the others are."""

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_worlds import BY_TRAITS, NEEDS, Ready, by_law, by_query, by_traits, ready, table_of

from smalti.facts import Column, Stream, Type
from smalti.rules import Customer, meaning
from smalti.segments import FRAMEWORKS, Given, Seen, by_default, enough, standard_framework

CALM = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}
FEW = st.integers(0, 4)


@st.composite
def customers(draw):
    """Draw somebody as the standard library would describe her, or with what a project's own traits leave unknown."""
    her = draw(described())
    unknown = draw(st.sets(st.sampled_from(sorted(NEEDS)), max_size=2)) if draw(st.booleans()) else ()
    return her | dict.fromkeys(unknown)


@st.composite
def described(draw):
    """Draw somebody without orders, with few values, or with any."""
    orders = draw(st.sampled_from([0, 0, 1, 1, 2, 3, 40]))
    if orders == 0:
        spend = draw(st.sampled_from([0, None]))
        return {"orders_total": 0, "spend_total": 0, "purchase_days": 0, "spend_365d": spend}
    days = draw(st.integers(1, orders))
    real = st.floats(0, 4000, allow_nan=False).map(lambda value: round(value, 3))
    return {
        "orders_total": orders,
        "purchase_days": days,
        "days_since_order": draw(st.one_of(st.sampled_from([0.0, 7.0, 14.0, 28.0, 180.0, 360.0, 360.0001]), real)),
        "typical_gap_days": None if days < 2 else draw(st.one_of(st.sampled_from([0.0, 3.5, 7.0, 90.0]), real)),
        "spend_total": draw(st.one_of(FEW, st.integers(0, 10**9))),
        "spend_365d": draw(st.one_of(FEW, st.integers(0, 10**9))),
        "days_since_first_order": draw(st.one_of(st.sampled_from([90.0, 90.001, 365.0, 1095.0, 1096.0]), real)),
        "discount_known_orders": draw(st.integers(0, orders)),
        "discounted_order_share": draw(st.sampled_from([None, 0.0, 0.2, 0.5, 0.8, 1.0])),
    }


OTHERWISE = [
    ("rfm", {"bands": 3}),
    ("rfm", {"bands": 10}),
    ("rfm", {"recency_days": [30, 90, 180], "frequency": [1, 2, 5], "monetary": [0.5, 20, 1000000]}),
    ("rfm", {"recency_days": [7.5, 90]}),
    ("lifecycle", {"active": 1.5, "lapsed": 3.25, "shortest_days": 1}),
    ("value_tiers", {"shares": [0.1, 0.3, 0.6]}),
    ("tenure", {"cuts": [100]}),
    ("price_sensitivity", {"min_orders": 1, "full_price": 0, "offers_only": 1}),
]


@pytest.mark.parametrize(("name", "chosen"), [(name, None) for name in BY_TRAITS] + OTHERWISE)
@settings(max_examples=20, **CALM)
@given(rows=st.lists(customers(), min_size=1, max_size=14))
def test_everyone_is_in_exactly_one_segment_in_both_readings(name, chosen, rows, store):
    asked = ready(by_traits(name, chosen))
    law = by_law(asked, rows)
    assert [one for one in law if len(one) != 1] == []
    assert by_query(asked, rows, store) == law


@pytest.mark.parametrize("bands", range(3, 11))
def test_rfm_covers_every_triple_of_scores_and_names_every_group(bands):
    asked = ready(by_traits("rfm", {"bands": bands}))
    scores = list(product(range(1, bands + 1), repeat=3))
    traits = {"rfm_recency", "rfm_frequency", "rfm_monetary"}
    plain = Ready({}, asked.segments, asked.types)
    rows = [dict.fromkeys(NEEDS, 1) | {"rfm_recency": r, "rfm_frequency": f, "rfm_monetary": m} for r, f, m in scores]
    assert traits <= asked.types.keys()
    found = by_law(plain, rows)
    assert {len(one) for one in found} == {1}
    named = {one[0] for one in found}
    assert named == set(standard_framework("rfm").segments) - {"no_order_yet"}


@pytest.mark.parametrize(
    ("r", "f", "m", "segment"),
    [
        (5, 5, 5, "champions"),
        (4, 4, 5, "champions"),
        (3, 5, 5, "loyal"),
        (5, 4, 3, "loyal"),
        (4, 1, 3, "potential_loyalists"),
        (5, 1, 1, "newcomers"),
        (3, 2, 3, "need_attention"),
        (3, 1, 1, "about_to_sleep"),
        (1, 5, 5, "cannot_lose"),
        (2, 4, 4, "at_risk"),
        (2, 2, 2, "hibernating"),
        (1, 1, 1, "lost"),
    ],
)
def test_rfm_names_people_as_the_field_does(r, f, m, segment):
    asked = ready(by_traits("rfm"))
    row = dict.fromkeys(NEEDS, 1) | {"rfm_recency": r, "rfm_frequency": f, "rfm_monetary": m}
    assert by_law(Ready({}, asked.segments, asked.types), [row]) == [[segment]]


@settings(max_examples=20, **CALM)
@given(rows=st.lists(described(), min_size=1, max_size=25))
def test_rfm_scores_are_equal_for_equals_and_rise_with_what_is_scored(rows, store):
    asked = ready(by_traits("rfm"))
    table = store.table(table_of(asked, rows, store).table).to_pylist()
    scored = {
        "rfm_recency": ("days_since_order", -1),
        "rfm_frequency": ("orders_total", 1),
        "rfm_monetary": ("spend_total", 1),
    }
    for score, (trait, sign) in scored.items():
        buyers = [row for row in table if row["orders_total"] > 0]
        assert {row[score] for row in buyers} <= {1, 2, 3, 4, 5}
        known = sorted((sign * row[trait], row[score]) for row in buyers)
        values = [score for _, score in known]
        assert values == sorted(values)
        assert len({value for value, _ in known}) == len(set(known))


def test_rfm_scores_of_many_different_customers_are_fifths(store):
    asked = ready(by_traits("rfm"))
    rows = [
        {"orders_total": 1 + i, "spend_total": 7 * i, "days_since_order": float(i), "purchase_days": 1, "spend_365d": 1}
        for i in range(100)
    ]
    table = store.table(table_of(asked, rows, store).table)
    for score in ("rfm_recency", "rfm_frequency", "rfm_monetary"):
        counts = {one["values"]: one["counts"] for one in table[score].value_counts().to_pylist()}
        assert counts == dict.fromkeys(range(1, 6), 20), score
    best = table.slice(0, 1).to_pylist()[0]
    assert (best["rfm_recency"], best["rfm_frequency"]) == (5, 1)


def test_rfm_fifths_are_of_those_who_bought(store):
    asked = ready(by_traits("rfm"))
    buyers = [{"orders_total": i, "spend_total": i, "days_since_order": float(i)} for i in range(1, 11)]
    for prospects in (0, 100):
        rows = buyers + [{"orders_total": 0, "spend_total": 0}] * prospects
        table = store.table(table_of(asked, rows, store).table).slice(0, 10)
        assert table["rfm_frequency"].to_pylist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        assert table["rfm_recency"].to_pylist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize("unknown", ["days_since_order", "orders_total", "spend_total"])
def test_who_cannot_be_scored_is_in_a_segment_all_the_same(unknown):
    asked = ready(by_traits("rfm"))
    row = {"orders_total": 3, "spend_total": 500, "days_since_order": 4.0}
    assert by_law(asked, [row, row | {unknown: None}])[1] == ["no_order_yet"]


@pytest.mark.parametrize(
    ("days", "gap", "silent", "stage"),
    [
        (0, None, None, "prospect"),
        (1, None, 40.0, "new"),
        (1, None, 40.1, "slipping"),
        (1, None, 80.1, "lapsed"),
        (5, 10.0, 20.0, "active"),
        (5, 10.0, 20.1, "slipping"),
        (5, 10.0, 40.0, "slipping"),
        (5, 10.0, 40.1, "lapsed"),
        (5, 0.5, 13.9, "active"),
        (5, 0.5, 14.1, "slipping"),
        (2, 400.0, 40.1, "slipping"),
    ],
)
def test_lifecycle_goes_by_her_own_rhythm_or_that_of_those_who_have_one(days, gap, silent, stage):
    asked = ready(by_traits("lifecycle"))
    others = [{"orders_total": 9, "purchase_days": 9, "typical_gap_days": 20.0, "days_since_order": 1.0}] * 7
    row = {"orders_total": days, "purchase_days": days, "typical_gap_days": gap, "days_since_order": silent}
    rows = [{**dict.fromkeys(NEEDS), **one} for one in [row, *others]]
    assert by_law(asked, rows)[0] == [stage]


def test_value_tiers_are_a_twentieth_a_fifth_and_a_half_of_those_who_spent(store):
    asked = ready(standard_framework("value_tiers"))
    rows = [{"spend_365d": i} for i in range(1, 101)] + [{"spend_365d": 0}] * 50 + [{"spend_365d": None}] * 3
    found = [one[0] for one in by_query(asked, rows, store)]
    sizes = {name: found.count(name) for name in standard_framework("value_tiers").segments}
    assert sizes == {"platinum": 5, "gold": 15, "silver": 30, "bronze": 50, "no_spend": 53}


def test_value_tiers_of_equal_spenders_lift_nobody(store):
    asked = ready(standard_framework("value_tiers"))
    assert by_query(asked, [{"spend_365d": 500}] * 20, store) == [["bronze"]] * 20


@pytest.mark.parametrize("kind", [Type.MONEY, Type.NUMBER, Type.INTEGER])
def test_value_tiers_take_an_own_trait_that_is_no_money(kind, store):
    asked = ready(standard_framework("value_tiers"), {"spend_365d": kind})
    rows = [{"spend_365d": None}, {"spend_365d": 0}, {"spend_365d": 5}]
    assert by_query(asked, rows, store) == [["no_spend"], ["no_spend"], ["bronze"]]


@pytest.mark.parametrize("name", sorted(FRAMEWORKS))
def test_a_framework_says_what_it_is(name):
    framework = standard_framework(name)
    assert framework.name == name
    assert framework.about
    assert framework.kind
    assert framework.titles.keys() == framework.traits.keys()
    assert {one.segmentation for one in framework.segments.values()} == {name}
    assert all(one.why and one.kind for one in framework.segments.values())
    assert framework.minimum.because
    for field in FRAMEWORKS[name].settings.model_fields.values():
        assert field.description


def test_no_two_frameworks_name_anything_alike():
    frameworks = [standard_framework(name) for name in FRAMEWORKS]
    named = [name for one in frameworks for name in (*one.segments, *one.traits)]
    assert len(named) == len(set(named))


def test_who_is_not_to_be_targeted_is_said_so():
    kinds = {name: one.kind for name, one in standard_framework("negative").segments.items()}
    assert kinds == dict.fromkeys(("costly_complainers", "serial_returners", "unprofitable"), "negative") | {
        "worth_reaching": "value"
    }


@pytest.mark.parametrize("bands", range(3, 11))
def test_rfm_groups_stand_at_the_corners_of_any_scale(bands):
    asked = ready(by_traits("rfm", {"bands": bands}))
    corners = {(bands, bands): "champions", (1, bands): "cannot_lose", (bands, 1): "newcomers", (1, 1): "lost"}
    for (recency, value), group in corners.items():
        row = dict.fromkeys(NEEDS, 1) | {"rfm_recency": recency, "rfm_frequency": value, "rfm_monetary": value}
        assert by_law(Ready({}, asked.segments, asked.types), [row]) == [[group]]


def test_rfm_by_fixed_cuts_includes_each_cut_in_the_band_it_ends():
    chosen = {"recency_days": [30, 90], "frequency": [1, 3], "monetary": [10, 99.5]}
    asked = ready(by_traits("rfm", chosen))
    rows = [
        {"days_since_order": days, "orders_total": orders, "spend_total": spend}
        for days, orders, spend in [(30.0, 1, 1000), (30.1, 2, 1001), (90.0, 3, 9950), (90.1, 4, 9951)]
    ]
    found = [[meaning(asked.traits[name], Customer({}, asked.traits, row), 0) for name in asked.traits] for row in rows]
    assert found == [[3, 1, 1], [2, 2, 2], [2, 2, 2], [1, 3, 3]]


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("rfm", {"bands": 2}, "greater than or equal to 3"),
        ("rfm", {"bands": 11}, "less than or equal to 10"),
        ("rfm", {"bandz": 4}, "Extra inputs"),
        ("rfm", {"bands": 5, "monetary": [1, 2]}, "2 cuts of monetary for 5 bands, wanted 4"),
        ("rfm", {"recency_days": [1, 2], "monetary": [1, 2, 3]}, "3 cuts of monetary for 3 bands, wanted 2"),
        ("rfm", {"frequency": [3, 2]}, "cuts of frequency that do not rise"),
        ("rfm", {"recency_days": [1]}, "greater than or equal to 3"),
        ("lifecycle", {"active": 4}, "lapsed before no longer active"),
        ("value_tiers", {"shares": [0.5, 0.2, 0.1]}, "shares that do not rise"),
        ("tenure", {"cuts": [9, 9]}, "cuts that do not rise"),
        ("engagement", {"medium": 0.9}, "wanted medium below high"),
        ("product_affinity", {"categories": ["a", "a"]}, "named twice: found 'a'"),
        ("product_affinity", {"leaning": 0.9}, "wanted leaning below devoted"),
        ("price_sensitivity", {"full_price": 0.9}, "shares that leave no middle"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(name, wrong, told):
    with pytest.raises(ValueError, match=told):
        standard_framework(name, wrong)


def test_what_is_too_little_is_said_and_what_cannot_be_told_is_not():
    rfm = standard_framework("rfm")
    assert enough(rfm, Seen(9000, 100, 50, 180.0, 30.0)) == ()
    assert enough(rfm, Seen(9000)) == ()
    assert enough(rfm, Seen(9000, 99, 50, 179.9, 31.5)) == (
        "99 customers with an order, wanted at least 100",
        "179 days of history, wanted at least 180",
        "the latest fact is 31 days old, wanted at most 30",
    )
    assert enough(standard_framework("rfm", {"bands": 10}), Seen(9000, 150)) == (
        "150 customers with an order, wanted at least 200",
    )
    cuts = {"recency_days": [30, 90], "frequency": [1, 2], "monetary": [10, 20]}
    assert enough(standard_framework("rfm", cuts), Seen(9000, 5)) == ()
    assert enough(standard_framework("engagement", {"window_days": 500}), Seen(59, history_days=400.0)) == (
        "59 customers, wanted at least 60",
        "400 days of history, wanted at least 500",
    )


def test_engagement_and_the_negative_are_used_by_default_where_the_facts_tell_of_them():
    names = frozenset({"orders_total"})
    usual = ("rfm", "lifecycle", "value_tiers")
    returns, events = frozenset({"returns_total"}), {"events": Stream("events", ())}
    assert by_default(Given({}, names)) == usual
    assert by_default(Given(events, names)) == (*usual, "engagement")
    assert by_default(Given({}, names | returns)) == (*usual, "negative")
    assert by_default(Given({}, returns)) == usual
    sent = {"touches": Stream("touches", (Column("channel", Type.TEXT),))}
    assert by_default(Given(sent, names)) == usual
    assert by_default(Given({"tickets": Stream("tickets", (Column("cost", Type.TEXT),))}, names)) == usual
