"""Every framework puts each customer with a history into exactly one segment: by the law, the batch and the live step alike."""

import pytest
from framework_worlds import DAY, NOW, SETTINGS, World, by_law, by_query, by_step, ready, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smalti.facts import ORDERS
from smalti.segments import FRAMEWORKS

CALM = {"deadline": None, "suppress_health_check": list(HealthCheck)}
MADE = {}


def made(name, given_settings):
    """Make a framework ready once; the same for every world."""
    key = name, repr(given_settings)
    if key not in MADE:
        MADE[key] = ready(name, given_settings)
    return MADE[key]


def told(orders, **more):
    """Give a world of one customer with these orders."""
    facts = [{"at": at, "day": at // DAY, "revenue": 1000} | one for at, one in orders]
    return World({"she": {"orders": facts, **more}}, {"she": 0})


@pytest.mark.parametrize("own", [False, True], ids=["defaults", "settings"])
@pytest.mark.parametrize("name", sorted(FRAMEWORKS))
@settings(max_examples=12, **CALM)
@given(world=worlds())
def test_everyone_is_in_exactly_one_segment_in_every_reading(name, own, world, store):
    asked = made(name, SETTINGS.get(name, {}) if own else None)
    law, fitted = by_law(asked, world)
    assert {her: segments for her, segments in law.items() if len(segments) != 1} == {}
    assert by_query(asked, world, store) == law
    assert by_step(asked, world, fitted) == law


@settings(max_examples=25, **CALM)
@given(bands=st.integers(3, 10), values=st.lists(st.sampled_from([1, 2, 2, 3, 50]), min_size=2, max_size=12))
def test_equals_get_equal_scores_also_live(bands, values):
    asked = made("rfm", {"bands": bands})
    orders = {f"c{i}": {"orders": [{"at": NOW - 5 * DAY, "day": 1, "revenue": v}] * v} for i, v in enumerate(values)}
    world = World(orders, dict.fromkeys(orders))
    law, fitted = by_law(asked, world)
    assert by_step(asked, world, fitted) == law
    for one, first in enumerate(values):
        assert {tuple(law[f"c{i}"]) for i, v in enumerate(values) if v == first} == {tuple(law[f"c{one}"])}


@pytest.mark.parametrize(
    ("ages", "stage"),
    [
        ([400, 5], "active"),
        ([600, 570, 540, 510, 5], "won_back"),
        ([600, 570, 540, 510, 5, 4.5], "won_back"),
        ([600, 570, 540, 510, 45, 15], "active"),
        ([130, 100, 70, 40, 10], "active"),
        ([230, 200, 170, 10], "won_back"),
        ([200, 170, 140, 30], "active"),
        ([600, 570, 540, 300], "slipping"),
        ([900, 870, 840, 810], "lapsed"),
        ([5], "new"),
    ],
)
def test_won_back_is_who_comes_back_from_a_silence_of_more_than_four_rhythms_of_then(ages, stage):
    asked = made("lifecycle", None)
    assert by_law(asked, told([(NOW - round(age * DAY), {}) for age in ages]))[0] == {"she": [stage]}


def test_who_has_no_rhythm_yet_is_won_back_by_that_of_the_others():
    others = {f"c{i}": {"orders": [{"at": NOW - n * 20 * DAY, "day": n} for n in range(5)]} for i in range(5)}
    for gap, stage in [(79, "active"), (81, "won_back")]:
        her = {"orders": [{"at": NOW - DAY, "day": 1000}, {"at": NOW - (1 + gap) * DAY, "day": 900}]}
        law, _ = by_law(made("lifecycle", None), World(others | {"she": her}, dict.fromkeys([*others, "she"])))
        assert law["she"] == [stage]


def test_won_back_needs_no_stream_it_does_not_have():
    plain = ready("lifecycle", {"won_back": False})
    assert [one.name for one in plain.segments] == ["prospect", "new", "active", "slipping", "lapsed"]
    assert "previous_order_at" not in plain.nodes


@pytest.mark.parametrize(
    ("orders", "segment"),
    [
        ([0, 0, 0], "full_price"),
        ([0, 0, 0, 0, 50], "full_price"),
        ([0, 50, 50], "mixed_prices"),
        ([50, 50, 50, 50, 0], "offers_only"),
        ([50, 50], "price_too_little_to_tell"),
        ([50, 50, None, None], "price_too_little_to_tell"),
    ],
)
def test_price_sensitivity_is_the_share_of_orders_with_a_discount(orders, segment):
    world = told([(NOW - DAY, {"discount": one}) for one in orders])
    assert by_law(made("price_sensitivity", None), world)[0] == {"she": [segment]}


@pytest.mark.parametrize(
    ("late", "early", "segment"),
    [
        ([0, 0], [500], "discount_slight"),
        ([250, 250], [250], "discount_steady"),
        ([250, 250], [], "discount_steady"),
        ([250, 250], [0], "discount_rising"),
        ([250, 250], [1000], "discount_falling"),
        ([250], [1000, 1000], "discount_too_little_to_tell"),
    ],
)
def test_discount_dependence_compares_a_year_with_the_year_before(late, early, segment):
    orders = [(NOW - DAY, {"discount": one}) for one in late] + [(NOW - 365 * DAY, {"discount": one}) for one in early]
    assert by_law(made("discount_dependence", None), told(orders))[0] == {"she": [segment]}


@pytest.mark.parametrize(
    ("bought", "segment"),
    [
        (["shoes"] * 4 + ["coats"], "affinity_devoted"),
        (["shoes", "shoes", "men's hats"], "affinity_leaning"),
        (["shoes", "men's hats", "coats"] * 2, "affinity_broad"),
        (["coats"] * 5 + ["shoes"], "affinity_elsewhere"),
        (["shoes", "shoes"], "affinity_too_little_to_tell"),
        ([None, None, None], "affinity_too_little_to_tell"),
    ],
)
def test_product_affinity_is_the_share_of_spend_in_the_favourite_category(bought, segment):
    streams = {"orders": ORDERS}
    asked = ready("product_affinity", {"categories": ["shoes", "men's hats"]}, streams)
    world = told([(NOW - DAY, {"category": one}) for one in bought])
    assert by_law(asked, world)[0] == {"she": [segment]}
    assert {"affinity_shoes", "affinity_men_s_hats"} <= asked.nodes.keys()


@pytest.mark.parametrize(
    ("ordered", "segment"),
    [
        (["web"] * 3, "one_channel"),
        (["phone"] * 3, "one_channel"),
        (["web"] * 3 + ["shop"], "favourite_channel"),
        (["web", "web", "shop"], "multi_channel"),
        (["web", "web", None], "channel_too_little_to_tell"),
    ],
)
def test_channel_preference_is_the_share_of_orders_through_the_favourite_channel(ordered, segment):
    asked = made("channel_preference", {"channels": ["web", "shop"]})
    assert by_law(asked, told([(NOW - DAY, {"channel": one}) for one in ordered]))[0] == {"she": [segment]}


@pytest.mark.parametrize(
    ("age", "segment"),
    [(0, "up_to_90_days"), (90, "up_to_90_days"), (91, "90_days_to_1_year"), (365, "90_days_to_1_year"),
     (366, "1_year_to_3_years"), (1095, "1_year_to_3_years"), (1096, "over_3_years")],
)  # fmt: skip
def test_tenure_ends_each_segment_at_its_cut(age, segment):
    assert by_law(made("tenure", None), told([(NOW - age * DAY, {})]))[0] == {"she": [f"tenure_{segment}"]}


def test_engagement_counts_visits_opens_and_features_and_not_what_has_not_happened():
    asked = made("engagement", SETTINGS["engagement"])
    minute = DAY // 1440

    def events(*facts):
        return {"events": [{"at": NOW - ago * minute, "name": name} for ago, name in facts]}

    facts = {
        "idle": {"orders": [{"at": NOW}]},
        "once": events((90 * 1440, "visit")),
        "burst": events((100, "visit"), (80, "visit"), (60, "visit")),
        "twice": events((100, "visit"), (60, "visit")),
        "often": events((300, "visit"), (200, "visit"), (100, "visit"), (50, "open")),
        "unopened": {"touches": [{"at": NOW - DAY, "opened_at": NOW + 1}]},
        "opened": {"touches": [{"at": NOW - DAY, "opened_at": NOW}]},
    }
    found, _ = by_law(asked, World(facts, dict.fromkeys(facts)))
    assert {her: one[0].removeprefix("engagement_") for her, one in found.items()} == {
        "idle": "never",
        "once": "dormant",
        "burst": "low",
        "opened": "low",
        "twice": "medium",
        "often": "high",
        "unopened": "never",
    }


@pytest.mark.parametrize(
    ("value", "returns", "tickets", "segment"),
    [
        (100, 0, 0, "worth_reaching"),
        (None, 0, 0, "worth_reaching"),
        (-1, 0, 0, "unprofitable"),
        (100, 3, 0, "serial_returners"),
        (-1, 3, 0, "serial_returners"),
        (100, 2, 3, "costly_complainers"),
        (100, 3, 3, "costly_complainers"),
        (9000, 0, 3, "worth_reaching"),
        (100, 0, 2, "worth_reaching"),
    ],
)
def test_negative_names_the_dearest_first(value, returns, tickets, segment):
    asked = made("negative", None)
    facts = {
        "orders": [{"at": NOW - DAY, "day": 1, "revenue": 1000}] * 3,
        "returns": [{"at": NOW, "refund": 800}] * returns,
        "tickets": [{"at": NOW, "cost": 2000}] * tickets,
    }
    assert by_law(asked, World({"she": facts}, {"she": value}))[0] == {"she": [segment]}
