"""Spells tell all that the runs saw: rebuilt, they give back every membership; what no run saw is not made up."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import RunError
from smalti.facts import DAY
from smalti.segments import Sighting, Watch, half_life, half_lives, in_order, survival, watch

PEOPLE = ["ann", "bob", "cyd", "dee", "eve"]
SEGMENTS = [("tiers", "gold"), ("tiers", "iron"), ("free", "quiet"), ("free", "loud")]


def sighting(day, members, known=PEOPLE, definitions=None, made=""):
    """A run as of a day; `members` maps (segmentation, segment) to customers."""
    rows = [(*key, customer) for key, customers in members.items() for customer in customers]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    names = ("segmentation", "segment", "customer_id")
    table = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})
    texts = {key: (definitions or {}).get(key, "") for key in members}
    return Sighting(f"run {day} {made}", day * DAY, texts, pa.array(sorted(known), pa.string()), table, made)


@st.composite
def worlds(draw):
    """Runs on distinct days in any order: exclusive tiers, free segments, some absent, customers who come and go."""
    found = []
    for day in draw(st.permutations(range(draw(st.integers(1, 5))))):
        known = draw(st.sets(st.sampled_from(PEOPLE)))
        members = defaultdict(list)
        for key in draw(st.sets(st.sampled_from(SEGMENTS))):
            members[key] = []
        for one in sorted(known):
            tiers = [key for key in members if key[0] == "tiers"]
            if tiers and (tier := draw(st.sampled_from([None, *sorted(tiers)]))):
                members[tier].append(one)
            for key in sorted(key for key in members if key[0] == "free"):
                if draw(st.booleans()):
                    members[key].append(one)
        definitions = {key: draw(st.sampled_from("xy")) for key in members}
        found.append(sighting(day, members, known, definitions))
    return found


def stays(table):
    return sorted(tuple(row[name] for name in ("segmentation", "segment", "customer_id")) for row in table.to_pylist())


@given(worlds())
def test_spells_give_back_the_membership_of_every_run(runs):
    spells = watch(runs).spells()
    for position, run in enumerate(in_order(runs)):
        assert stays(spells.members_at(position)) == stays(run.membership)


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_runs_and_rows_are_given_does_not_matter(runs, chance):
    first = watch(runs)
    shuffled = []
    for run in chance.sample(runs, len(runs)):
        order = chance.sample(range(run.membership.num_rows), run.membership.num_rows)
        rows = run.membership.take(pa.array(order, pa.int64()))
        shuffled.append(Sighting(run.run, run.at, dict(reversed(run.segments.items())), run.customers, rows))
    other = watch(shuffled)
    assert first.spells().to_arrow().equals(other.spells().to_arrow())
    assert first.changes().equals(other.changes())
    assert first.flows().equals(other.flows())


@given(worlds())
def test_what_entered_less_what_left_is_the_change_of_size(runs):
    seen = {}
    sizes = Counter((run.run, *stay[:2]) for run in runs for stay in stays(run.membership))
    for row in watch(runs).changes().to_pylist():
        key = row["segmentation"], row["segment"]
        assert row["size"] == sizes[row["run"], *key]
        if key not in seen:
            assert {row[name] for name in ("before", "entered", "left", "stayed", "since")} == {None}
        else:
            assert row["before"] == seen[key]["size"]
            assert row["since"] == seen[key]["as_of"]
            assert row["entered"] - row["left"] == row["size"] - row["before"]
            assert row["before"] == row["stayed"] + row["left"]
            assert row["new_customers"] <= row["entered"]
            assert row["vanished"] <= row["left"]
        seen[key] = row


@given(worlds())
def test_margins_of_flows_are_the_sizes_and_everybody_is_in_one_flow(runs):
    flows = watch(runs).flows().to_pylist()
    ordered = [run for run in in_order(runs) if any(key[0] == "tiers" for key in run.segments)]
    for before, now in pairwise(ordered):
        mine = [row for row in flows if row["run"] == now.run and row["segmentation"] == "tiers"]
        for run, end in ((before, "origin"), (now, "target")):
            counted = Counter()
            for row in mine:
                if row[f"{end}_is"] == "segment":
                    counted[row[end]] += row["customers"]
            assert counted == Counter(segment for name, segment, _ in stays(run.membership) if name == "tiers")
        assert sum(row["customers"] for row in mine) == len(
            set(before.customers.to_pylist()) | set(now.customers.to_pylist())
        )
        came = sum(row["customers"] for row in mine if row["origin_is"] == "new customer")
        assert came == len(set(now.customers.to_pylist()) - set(before.customers.to_pylist()))


@given(worlds())
def test_spells_of_one_customer_in_one_segment_do_not_touch(runs):
    found = defaultdict(list)
    for row in watch(runs).spells().to_arrow().to_pylist():
        found[row["segmentation"], row["segment"], row["customer_id"]].append(row)
        assert row["entered_at"] <= row["last_seen_at"]
        assert (row["left_at"] is None) == (row["left_by"] is None)
        assert row["left_at"] is None or row["left_at"] > row["last_seen_at"]
        assert row["entered_is_known"] == (row["entered_by"] in ("move", "new customer"))
    for rows in found.values():
        assert all(one["left_at"] < other["entered_at"] for one, other in pairwise(rows))


GOLD, IRON = SEGMENTS[:2]


def told(runs, *names, **where):
    rows = watch(runs).spells().of(**where).to_arrow().to_pylist()
    return [tuple(row[name] for name in names) for row in rows]


def test_a_segment_that_a_run_did_not_know_was_not_left_in_it():
    runs = [sighting(0, {GOLD: ["ann", "bob"]}), sighting(1, {IRON: ["ann"]}), sighting(2, {GOLD: ["ann"]})]
    assert told(runs, "customer_id", "left_by", segment="gold") == [("ann", None), ("bob", "move")]
    spells = watch(runs).spells().of(segment="gold")
    assert spells.left.tolist() == [2, -1]
    assert spells.last_seen.tolist() == [0, 2]


def test_a_segment_that_is_dropped_leaves_its_spells_open_to_when_it_was_last_seen():
    runs = [sighting(0, {GOLD: ["ann"]}), sighting(1, {GOLD: ["ann"]}), sighting(2, {IRON: []})]
    (row,) = watch(runs).spells().to_arrow().to_pylist()
    assert (row["left_at"], row["last_seen_at"].day) == (None, 2)


def test_a_customer_whom_a_run_does_not_know_has_vanished_and_comes_back_as_new():
    runs = [sighting(0, {GOLD: ["ann"]}), sighting(1, {GOLD: []}, known=["bob"]), sighting(2, {GOLD: ["ann"]})]
    assert told(runs, "entered_by", "left_by") == [("already in", "vanished"), ("new customer", None)]
    flows = watch(runs).flows().to_pylist()
    ends = [(row["origin"] or row["origin_is"], row["target"] or row["target_is"], row["customers"]) for row in flows]
    first, second = ends[:3], ends[3:]
    assert sorted(first) == [("gold", "vanished", 1), ("none", "none", 1), ("none", "vanished", 3)]
    assert sorted(second) == [("new customer", "gold", 1), ("new customer", "none", 3), ("none", "none", 1)]


def test_moves_by_a_new_definition_are_not_told_as_moves_of_customers():
    runs = [
        sighting(0, {GOLD: ["ann", "bob"], IRON: ["cyd"]}, definitions={GOLD: "spend > 9", IRON: "spend < 5"}),
        sighting(1, {GOLD: ["ann", "cyd"], IRON: ["bob"]}, definitions={GOLD: "spend > 8", IRON: "spend < 5"}),
    ]
    assert told(runs, "customer_id", "entered_by", "left_by", segment="gold") == [
        ("ann", "already in", None),
        ("bob", "already in", "definition"),
        ("cyd", "definition", None),
    ]
    assert told(runs, "customer_id", "entered_by", "left_by", segment="iron") == [
        ("bob", "move", None),
        ("cyd", "already in", "move"),
    ]
    changes = {row["segment"]: row["redefined"] for row in watch(runs).changes().to_pylist() if row["since"]}
    assert changes == {"gold": True, "iron": False}
    assert {row["redefined"] for row in watch(runs).flows().to_pylist() if row["origin"] != row["target"]} == {True}
    assert half_life(watch(runs).spells().of(segment="gold")).left == 0


def test_moves_into_a_segment_that_was_not_there_before_are_marked():
    runs = [sighting(0, {GOLD: ["ann", "bob"]}), sighting(1, {GOLD: ["ann"], IRON: ["bob"]})]
    flows = {(row["origin"], row["target"]): row["redefined"] for row in watch(runs).flows().to_pylist()}
    assert flows == {("gold", "gold"): False, ("gold", "iron"): True, (None, None): False}
    assert told(runs, "entered_by", segment="iron") == [("already in",)]


def test_overlapping_segments_have_no_flows():
    runs = [sighting(day, {GOLD: ["ann"], IRON: ["ann"]}) for day in (0, 1)]
    assert watch(runs).flows().num_rows == 0


def test_of_runs_as_of_one_instant_the_latest_made_counts():
    runs = [sighting(0, {GOLD: ["bob"]}, made="2026-02"), sighting(0, {GOLD: ["ann"]}, made="2026-01")]
    assert told(runs, "customer_id") == [("bob",)]
    one = Watch()
    one.see(runs[0])
    with pytest.raises(RunError, match="is as of 1970-01-01, wanted one after 1970-01-01"):
        one.see(runs[1])


def test_no_runs_have_no_spells():
    seen = watch([])
    assert seen.spells().to_arrow().num_rows == seen.changes().num_rows == seen.flows().num_rows == 0
    assert half_lives(seen.spells()).num_rows == 0
    assert half_life(seen.spells()).time is None


def test_survival_agrees_with_the_published_example():
    """Freireich and others (1963), remission under 6-MP in weeks: S(6) .857, S(10) .753, S(23) .448, median 23."""
    events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    times = np.array(events + censored)
    found = survival(times, np.arange(len(times)) < len(events))
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.staying.round(3).tolist() == [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert (found.low[0].round(3), found.high[0].round(3)) == (0.62, 0.952)


def geometric(stay, runs=12, people=4000, seed=1):
    """Members who leave with one chance per run, all in from the start."""
    rng = np.random.default_rng(seed)
    lasts = rng.geometric(1 - stay, people)
    everyone = [f"c{n:05}" for n in range(people)]
    return [
        sighting(day, {GOLD: [one for one, last in zip(everyone, lasts, strict=True) if last > day]}, everyone)
        for day in range(runs)
    ]


def test_half_life_is_the_time_after_which_half_have_left():
    found = half_life(watch(geometric(0.8)).spells())
    assert found.time == 4 * DAY  # 0.8 ** 3 = 0.51, 0.8 ** 4 = 0.41
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.time <= found.high
    assert found.watched == 11 * DAY


def test_half_life_is_not_made_up_where_more_than_half_stay():
    found = half_life(watch(geometric(0.97)).spells())
    assert (found.time, found.low, found.high) == (None, None, None)
    assert found.staying == pytest.approx(0.97**11, abs=0.02)


def test_entrants_are_watched_from_when_they_were_seen_to_enter():
    runs = [
        sighting(0, {GOLD: ["ann"]}),
        sighting(1, {GOLD: ["ann", "bob"]}),
        sighting(2, {GOLD: ["ann", "bob"]}),
        sighting(3, {GOLD: ["ann"]}),
    ]
    spells = watch(runs).spells()
    assert half_life(spells, entrants_only=True).time == 2 * DAY
    assert (half_life(spells).time, half_life(spells).spells) == (2 * DAY, 2)
    (row,) = half_lives(spells).to_pylist()
    assert (row["segment"], row["spells"], row["left"], row["staying"]) == ("gold", 2, 1, 0.5)
