from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smalti.report as room
from smalti.facts import Currency
from smalti.report.account import accounts, asides
from smalti.report.columns import minor_column
from smalti.report.groups import segmentations, strategy_mix
from smalti.report.matter import Matter
from smalti.report.movements import movements
from smalti.report.opening import opening
from smalti.report.palette import glasses, tiles
from smalti.report.plans import plans
from smalti.report.reach import reaches


def test_the_face_is_whole():
    assert sorted(room.__all__) == room.__all__
    assert all(hasattr(room, name) for name in room.__all__)


@given(st.lists(st.none() | st.integers(-(10**15), 10**15), max_size=20))
def test_money_is_read_to_the_penny(minor):
    decimals = [None if value is None else Decimal(value).scaleb(-2) for value in minor]
    found, known = minor_column(pa.table({"m": pa.array(decimals, pa.decimal128(18, 2))}), "m", Currency("GBP"))
    assert found.tolist() == [value or 0 for value in minor]
    assert known.tolist() == [value is not None for value in minor]


def test_money_may_come_as_floats_with_holes():
    found, known = minor_column(pa.table({"m": [0.1, None, float("nan")]}), "m", Currency("GBP"))
    assert found.tolist() == [10, 0, 0]
    assert known.tolist() == [True, False, True]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), max_size=12), st.integers(1, 80))
def test_pieces_are_shared_out_in_proportion(parts, pieces):
    found = tiles(parts, pieces)
    total = sum(parts.values())
    assert len(found) == (pieces if total else 0)
    for name, number in parts.items():
        assert not total or abs(found.count(name) - number * pieces / total) < 1


def test_a_strategy_keeps_its_glass_beside_strangers():
    known = glasses(["retain", "mine", "win_back"])
    assert (known["retain"], known["win_back"]) == ("g4", "g5")
    assert len(set(known.values())) == 3


def test_an_account_off_by_a_penny_is_called_broken(small_run):
    info, tables = small_run
    money = {**info["account"][0]["money"]}
    money["total"] += 1
    broken = {**info, "account": [{**info["account"][0], "money": money}]}
    (found,) = accounts(Matter(broken, tables))
    assert not found.balanced
    assert found.wrong == "The parts miss the total by £0.01."
    assert all(account.balanced for account in accounts(Matter(info, tables)))


def test_an_account_is_told_in_its_own_currency(small_run):
    info, tables = small_run
    row = {**info["account"][0], "currency": "JPY", "money": {"total": 5, "kept": 5, "returns": 0, "set_aside": 0}}
    (found,) = accounts(Matter({**info, "account": [row]}, tables))
    assert found.terms[0].money == "JP¥5"


def test_asides_show_a_few_of_each_reason():
    aside = pa.table({"source": ["f"] * 100, "row": list(range(100)), "reason": ["a"] * 90 + ["b"] * 10})
    shown, total = asides(Matter({}, {"set_aside": aside}))
    assert total == 100
    assert [row.reason for row in shown] == ["a"] * 3 + ["b"] * 3
    assert {row.found for row in shown} == {"(nothing)"}


def test_the_mix_of_a_segment_counts_its_members(small_run):
    info, tables = small_run
    matter = Matter(info, tables)
    mixes = strategy_mix(matter)
    sizes = {(row["segmentation"], row["segment"]): row["size"] for row in tables["segments"].to_pylist()}
    assert {key: sum(mix.values()) for key, mix in mixes.items()} == sizes
    for row in tables["segments"].to_pylist():
        mix = mixes[row["segmentation"], row["segment"]]
        assert max(mix.values()) == round(row["strategy_share"] * row["size"])
    assert sum(len(found.groups) for found in segmentations(matter)) == len(sizes)


def test_members_who_are_no_customers_are_left_out():
    customers = pa.table({"customer_id": ["a", "b"], "primary_strategy": ["retain", None]})
    stays = pa.table({"segmentation": ["s"] * 3, "segment": ["x"] * 3, "customer_id": ["a", "b", "ghost"]})
    assert strategy_mix(Matter({}, {"customers": customers, "membership": stays})) == {("s", "x"): {"retain": 1}}


def test_intervals_are_drawn_inside_the_bar(small_run):
    for plan in plans(Matter(*small_run)).active:
        assert 0 <= plan.reach.low <= plan.reach.point <= plan.reach.high <= 100


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        ("2026-07-03T00:00:00Z", "2 days before this was made"),
        ("2026-06-30T23:00:00Z", "as fresh as can be"),
        ("2026-06-29T00:00:00Z", "1 day after this was made: it looks ahead"),
        ("not a date", ""),
    ],
)
def test_freshness_is_said(small_run, made, wanted):
    info, tables = small_run
    assert opening(Matter({**info, "made_at": made}, tables)).fresh == wanted


def test_examples_go_from_the_largest_gain_to_the_typical(small_run):
    _, tables = small_run
    top = plans(Matter(*small_run)).active[0]
    frame = tables["strategies"].to_pylist()
    gains = sorted((row["gain"] for row in frame if row["rank"] == 1 and row["strategy"] == "cross_sell"), reverse=True)
    wanted = [gains[place] for place in (0, len(gains) // 4, len(gains) // 2)]
    assert [example.gain for example in top.examples] == [f"£{gain:,}" for gain in wanted]
    assert np.isclose(float(sum(gains)), float(tables["playbook"].to_pylist()[2]["gain"]))


def test_of_very_many_segments_the_largest_flows_are_shown():
    def stays(shift):
        places = [f"s{(n // 3 + shift * (n % 7 == 0)) % 30:02}" for n in range(90)]
        ids = [str(n) for n in range(90)]
        return pa.table({"segmentation": ["s"] * 90, "segment": places, "customer_id": ids})

    (found,) = movements(Matter({}, {"membership": stays(1)}, {"membership": stays(0)}))
    assert (len(found.tides), len(found.more)) == (12, 18)
    assert found.summary == "13 of 90 customers (14\xa0%) changed segment."
    assert found.others == "5 customers made 5 other moves."


def test_where_members_agree_one_plan_per_segment_will_do():
    customers = pa.table({"customer_id": ["a", "b"], "primary_strategy": ["retain", "develop"]})
    stays = pa.table({"segmentation": ["s"] * 2, "segment": ["x", "y"], "customer_id": ["a", "b"]})
    rows = pa.table({"segmentation": ["s"] * 2, "segment": ["x", "y"], "size": [1, 1]})
    (found,) = segmentations(Matter({}, {"customers": customers, "membership": stays, "segments": rows}))
    assert found.misses.startswith("Here one plan per segment would do")
    assert [group.mix for group in found.groups] == ["Retain 100\xa0%", "Develop 100\xa0%"]


@given(st.lists(st.tuples(*[st.none() | st.integers(-1000, 1000)] * 3), max_size=8))
def test_intervals_keep_their_order_on_one_line(intervals):
    drawn = reaches(intervals)
    assert len(drawn) == len(intervals)
    for interval, reach in zip(intervals, drawn, strict=True):
        good = None not in interval and list(interval) == sorted(interval)
        assert reach is None or good
        if reach is not None:
            low, value, _ = interval
            assert 0 <= reach.low <= reach.point <= reach.high <= 100
            assert (low < 0) <= (reach.low <= reach.zero)
            assert (value > 0) <= (reach.point >= reach.zero)


def test_a_strategy_that_may_lose_shows_nought(small_run):
    info, tables = small_run
    rows = [row | {"gain_low": Decimal(-50)} for row in tables["playbook"].to_pylist()]
    found = plans(Matter(info, {**tables, "playbook": pa.Table.from_pylist(rows)}))
    assert all(0 < plan.reach.zero < 100 for plan in found.active)
