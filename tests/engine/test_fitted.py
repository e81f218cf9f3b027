"""Fitted segmentations from a project's file to the published run: what is told, what is published, what a rule says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.engine import Options, run_project
from smalti.engine.segmenting import segmented
from smalti.errors import RunError
from smalti.facts import Currency, Type, parse_instant
from smalti.project import Project
from smalti.rules import Customer, Literal, Vocabulary, meaning
from smalti.samples import shop, write_shop
from smalti.segments import SegmentationDefinition, SegmentDefinition
from smalti.store import Store
from smalti.traits import Computed

PROJECT = Project(
    name="Corner Shop",
    currency="GBP",
    time_zone="Europe/London",
    sources={
        "orders": {
            "from": "orders.csv",
            "customer": "customer_id",
            "at": "ordered_at",
            "columns": {
                "order_id": "order_id",
                "revenue": "amount",
                "category": "category",
                "channel": "channel",
                "cost": "cost",
            },
        },
        "customers": {"from": "customers.csv", "customer": "customer_id"},
    },
    use=["rfm", "lifecycle", "value_tiers"],
    segments={"quiet": {"who": "days_since_order > 90", "why": "gone quiet", "strategy": "win_back"}},
)
FITTED = {
    "stage_by_value": {"cross": ["lifecycle", "value_tiers"], "at_least": 0.03},
    "closely": {
        "split": "champions",
        "by": ["mean_order_value", "favourite_category", "orders_total", "email_consent"],
        "outcome": "value_to_come",
        "at_least": 25,
        "depth": 3,
    },
    "alike": {"group": ["days_since_order", "spend_365d", "email_consent"], "into": 3, "kind": "behavioural"},
    "one_by_one": {"cross": ["alike", "rfm", "quiet"], "at_least": 1},
    "too_small": {"split": "platinum", "by": ["country"], "outcome": "spend_365d", "at_least": 500},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return write_shop(shop(900, seed=5), tmp_path_factory.mktemp("fitted")).orders.parent


def run(home, to, segmentations, **changed):
    fitted = Project(segmentations=segmentations).segmentations
    project = PROJECT.model_copy(update={"segmentations": fitted} | changed)
    return run_project(project, Options(home=home, to=to, now=parse_instant("2026-07-01"), threads=1))


@pytest.fixture(scope="module")
def published(home, tmp_path_factory):
    return run(home, tmp_path_factory.mktemp("runs"), FITTED)


def of(run, segmentation: str) -> list[dict]:
    return [row for row in run.folder.table("segments").to_pylist() if row["segmentation"] == segmentation]


@pytest.mark.parametrize("name", ["stage_by_value", "alike", "one_by_one"])
def test_every_customer_is_in_exactly_one_segment(published, name):
    members = published.folder.table("membership")
    mine = members.filter(pc.equal(members["segmentation"], name))["customer_id"].to_pylist()
    assert sorted(mine) == published.folder.table("customers")["customer_id"].to_pylist()


def test_a_crossing_keeps_to_its_size_and_says_what_it_merged(published):
    rows = of(published, "stage_by_value")
    assert len(rows) > 5
    assert min(row["size"] for row in rows) >= 27
    assert all(("and others" in row["title"]) <= row["why"].startswith("merged, being small: ") for row in rows)
    assert "member(active) and member(silver)" in [row["rule"] for row in rows]


def test_a_crossing_goes_down_to_one_person(published):
    sizes = [row["size"] for row in of(published, "one_by_one")]
    assert min(sizes) == 1
    assert all(size >= 1 for size in sizes)


def test_niches_are_the_whole_of_their_parent(published):
    rows = of(published, "closely")
    assert len(rows) > 1
    [champions] = [row for row in of(published, "rfm") if row["segment"] == "champions"]
    assert sum(row["size"] for row in rows) == champions["size"]
    assert {row["parent"] for row in rows} == {"champions"}
    assert {row["kind"] for row in rows} == {champions["kind"]}
    assert all(row["rule"].startswith("member(champions) and ") for row in rows)
    assert all(row["title"].startswith("Champions > ") for row in rows)
    told = [note for note in published.info["notes"] if note.startswith("closely: Champions is split at ")]
    assert len(told) == 1
    assert "the mean of value to come is £" in told[0]


def test_what_is_not_split_is_told_and_not_published(published):
    assert of(published, "too_small") == []
    [note] = [note for note in published.info["notes"] if note.startswith("too_small")]
    assert note.endswith("members and is split from 1,000 on")


def test_the_run_says_how_each_segmentation_came_about(published):
    told = {one["name"]: one for one in published.info["segmentations"]}
    assert [told[name]["way"] for name in ("rfm", "segments", *FITTED)] == [
        None,
        None,
        "cross",
        "split",
        "group",
        "cross",
        "split",
    ]
    assert told["alike"]["kind"] == "behavioural"
    assert told["stage_by_value"]["exclusive"]
    assert {row["kind"] for row in of(published, "alike")} == {"behavioural"}


def test_the_published_rules_written_by_hand_give_the_same_members(published, home, tmp_path):
    """What was fitted is a rule like any other: a second run that has it in its file finds the same people."""
    rows = [row for name in FITTED for row in of(published, name)]
    written = {
        row["segment"]: SegmentDefinition(who=row["rule"], segmentation=row["segmentation"]) for row in rows
    } | dict(PROJECT.segments)
    again = run(home, tmp_path, {}, segments=tuple(written.items()))

    def members(of_run):
        table = of_run.folder.table("membership").to_pylist()
        return {(row["segmentation"], row["segment"], row["customer_id"]) for row in table}

    assert members(again) == members(published)


def test_the_same_project_gives_the_same_segments(published, home, tmp_path):
    again = run(home, tmp_path, FITTED)
    for name in ("segments", "membership"):
        assert again.folder.table(name).equals(published.folder.table(name))


def test_she_is_told_what_of_a_fitted_segment_would_change(published):
    members = published.folder.table("membership").to_pylist()
    mine = next(row["customer_id"] for row in members if row["segmentation"] == "stage_by_value")
    profile = published.customer(mine)
    assert {row["segmentation"] for row in profile.segments} >= {"stage_by_value", "alike", "one_by_one"}
    assert str(profile)


def small(segmentations, columns, segments=()):
    """Segmentations of a few customers, without a run."""
    types = {name: kind for name, (kind, _) in columns.items()}
    words = Vocabulary({}, dict(types), Currency("GBP"), segments=tuple(one.name for one in segments))

    class Ready:
        """As much of a project made ready as is asked for."""

    prepared = Ready()
    prepared.types, prepared.titles, prepared.words = types, {}, words
    prepared.segments = tuple(segments)
    prepared.frameworks = prepared.traits = ()
    written = dict.fromkeys((one.definition.segmentation for one in segments), SegmentationDefinition())
    prepared.segmentations = written | {
        name: SegmentationDefinition.model_validate(one) for name, one in segmentations.items()
    }
    with Store(threads=1) as store:
        table = {"customer_id": [f"c{n:04d}" for n in range(len(next(iter(columns.values()))[1]))]}
        store.put("people", pa.table(table | {name: values for name, (_, values) in columns.items()}))
        computed = Computed("people", types, {}, {one.name: one.node for one in segments})
        return segmented(store, computed, prepared, 0, 7)


def hand_made(rules, words):
    from smalti.project import segment_of  # noqa: PLC0415

    return [segment_of(words, name, SegmentDefinition(who=rule, segmentation="ours")) for name, rule in rules.items()]


def test_what_overlaps_is_said():
    words = Vocabulary({}, {"age": Type.INTEGER, "vip": Type.BOOLEAN}, Currency("GBP"))
    segments = hand_made({"young": "age < 40", "grown": "age >= 18", "vips": "vip"}, words)
    columns = {
        "age": (Type.INTEGER, pa.array([10, 20, 30, 40, 50, None], pa.int64())),
        "vip": (Type.BOOLEAN, pa.array([True, False, True, None, True, True])),
    }
    found = small({"both": {"cross": ["ours", "vips"], "at_least": 1}}, columns, segments)
    assert found.exclusive == {"ours": False, "both": False}
    assert found.notes == ("both: some customers are in several of its segments, as they are of ours",)
    titles = {one.name: one.title for one in found.segments}
    assert titles["young_vips"] == "Young, vips"
    assert "no_ours_not_vips" not in titles


def test_who_is_in_no_segment_of_a_dimension_is_in_a_part_of_her_own():
    words = Vocabulary({}, {"age": Type.INTEGER}, Currency("GBP"))
    segments = hand_made({"young": "age < 40", "old": "age >= 60"}, words)
    ages = pa.array([10, 45, None, 70, 20, 65], pa.int64())
    columns = {"age": (Type.INTEGER, ages), "score": (Type.NUMBER, pa.array([1.0, 1, 1, 9, 9, 9]))}
    groups = {"alike": {"group": ["score"], "into": 2}, "all": {"cross": ["ours", "alike"], "at_least": 1}}
    found = small(groups, columns, segments)
    cells = [one for one in found.segments if one.definition.segmentation == "all"]
    assert found.exclusive["all"]
    assert np.sum([np.asarray(found.answers[one.name]) for one in cells], axis=0).tolist() == [1] * 6
    assert any(one.title.startswith("None of Ours") for one in cells)


@pytest.mark.parametrize("order", [["ours", "alike"], ["alike", "ours"]])
@pytest.mark.parametrize("at_least", [1, 2, 5])
def test_who_falls_out_of_a_dimension_later_is_in_exactly_one_cell_all_the_same(order, at_least):
    words = Vocabulary({}, {"age": Type.INTEGER}, Currency("GBP"))
    segments = hand_made({"young": "age < 40", "old": "age >= 40"}, words)
    ages = pa.array([10, 45, 20, 70, 20, 65], pa.int64())
    columns = {"age": (Type.INTEGER, ages), "score": (Type.NUMBER, pa.array([1.0, 1, 1, 9, 9, 9]))}
    groups = {"alike": {"group": ["score"], "into": 2}, "all": {"cross": order, "at_least": at_least}}
    found = small(groups, columns, segments)
    of_alike = [one.name for one in found.segments if one.definition.segmentation == "alike"]
    cells = [one for one in found.segments if one.definition.segmentation == "all"]
    for age in ("young", "old", None):
        for group in (*of_alike, None):
            inside = {name: Literal(name in (age, group), Type.BOOLEAN) for name in ("young", "old", *of_alike)}
            held = [meaning(one.node, Customer({}, segments=inside), 0) is True for one in cells]
            assert sum(held) == 1, (age, group, [one.definition.who for one in cells])


def test_a_segment_never_takes_the_name_of_something_else():
    words = Vocabulary({}, {"age": Type.INTEGER}, Currency("GBP"))
    segments = hand_made({"a": "age > 1", "b": "age <= 1", "a_B": "age > 5"}, words)
    columns = {"age": (Type.INTEGER, pa.array([1, 2, 3, 6], pa.int64())), "not_a": (Type.BOOLEAN, pa.array([True] * 4))}
    found = small({"x": {"cross": ["a", "b"], "at_least": 1}}, columns, segments)
    names = [one.name for one in found.segments if one.definition.segmentation == "x"]
    folded = [name.casefold() for name in (*(one.name for one in segments), *columns, *names)]
    assert len(set(folded)) == len(folded)


def test_what_cannot_be_grouped_by_is_told_and_nothing_else_suffers():
    columns = {"same": (Type.INTEGER, pa.array([1, 1, 1], pa.int64()))}
    found = small(
        {"x": {"group": ["same"], "into": 2}, "y": {"cross": ["x", "x2"]}, "x2": {"group": ["same"], "into": 2}},
        columns,
    )
    assert found.segments == ()
    assert found.notes[0].startswith("x could not be fitted: groups: same is the same for all who have it")
    assert "y could not be fitted: there is no segment of x, x2" in found.notes


def test_too_many_combinations_are_refused():
    words = Vocabulary({}, {"age": Type.INTEGER}, Currency("GBP"))
    ours = hand_made({f"s{n}": f"age = {n}" for n in range(101)}, words)
    others = [
        one.__class__(
            f"t{one.name}", one.definition.model_copy(update={"segmentation": "theirs"}), one.node, one.written
        )
        for one in ours
    ]
    columns = {"age": (Type.INTEGER, pa.array(np.arange(101)))}
    with pytest.raises(
        RunError, match="segmentation x: too many combinations to cross: 102 of ours x 102 of theirs are 10,404"
    ):
        small({"x": {"cross": ["ours", "theirs"]}}, columns, [*ours, *others])


def test_the_stable_number_of_groups_is_taken_and_told():
    rng = np.random.default_rng(0)
    at = np.repeat([0.0, 50.0, 100.0], 60)
    columns = {
        "x": (Type.NUMBER, pa.array(at + rng.normal(0, 1, 180))),
        "y": (Type.NUMBER, pa.array(np.roll(at, 60) + rng.normal(0, 1, 180))),
    }
    found = small({"alike": {"group": ["x", "y"], "into": [2, 5]}}, columns)
    assert [int(np.asarray(found.answers[one.name]).sum()) for one in found.segments] == [60, 60, 60]
    assert found.notes[0].startswith("alike: 3 is the largest number of segments all of which are found again")


def test_money_is_cut_in_the_units_people_write():
    rng = np.random.default_rng(1)
    spend = np.r_[rng.integers(0, 40_00, 300), rng.integers(60_00, 99_00, 300)]
    columns = {
        "spend": (Type.MONEY, pa.array(spend)),
        "country": (Type.TEXT, pa.array(np.where(np.arange(600) % 3 == 0, "FR", "l'Île"))),
        "margin": (Type.MONEY, pa.array(np.where(spend > 50_00, 900, 100) + rng.integers(0, 50, 600))),
    }
    words = Vocabulary({}, {"spend": Type.MONEY}, Currency("GBP"))
    segments = hand_made({"all": "spend >= 0"}, words)
    definition = {"split": "all", "by": ["spend", "country"], "outcome": "margin", "depth": 1}
    found = small({"x": definition}, columns, segments)
    rules = [one.definition.who for one in found.segments[1:]]
    assert rules == ["member(all) and spend > 50", "member(all) and (spend <= 50 or spend is missing)"]
    assert np.asarray(found.answers[found.segments[1].name]).tolist() == (spend > 50_00).tolist()
    assert found.segments[1].title == "All > spend over £50.00"
