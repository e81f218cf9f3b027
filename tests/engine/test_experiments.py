"""Experiments of a project in a run: drawn, read out, proven, believed; nothing of the future is ever seen."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smalti.engine import Options, Run, prove_project, proven_in, run_project
from smalti.engine.experimenting import updated
from smalti.engine.experimenting.drawing import Drawn
from smalti.engine.experimenting.exposing import _against_the_draw
from smalti.errors import SmaltiError
from smalti.experiments.assignment import Arm, Experiment, HoldOut, assign, assign_one, exposures
from smalti.facts import DAY, ORDERS, Currency, format_instant
from smalti.project import Project, prepare
from smalti.rules import Step, Vocabulary, check, parse
from smalti.strategy import Belief

from .experiment_worlds import ARMS, EXPERIMENT, NOW, SEGMENTS, START, project, write_world

SCORES = {"mail_effect": {"effect": "spring", "traits": ["orders_total", "days_since_order"]}}
TOUCHED = {
    "from": "touches.parquet",
    "customer": "customer_id",
    "at": "at",
    "columns": {"experiment": "experiment", "arm": "arm", "probability": "probability"},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Four hundred customers; the mail works on those who are regular."""
    folder = tmp_path_factory.mktemp("world")
    return folder, write_world(folder, 400, regular=0.6, occasional=0.0, seed=1)


@pytest.fixture(scope="module")
def make(world, tmp_path_factory):
    @cache
    def made(one: Project, **options) -> Run:
        given = {"home": world[0], "to": tmp_path_factory.mktemp("runs"), "now": NOW + DAY, "threads": 1} | options
        return run_project(one, Options(**given))

    return made


@pytest.fixture(scope="module")
def run(make) -> Run:
    return make(project(scores=SCORES, segments=SEGMENTS | {"worth_a_mail": "mail_effect > 0.1"}))


def table(run: Run, name: str) -> list[dict]:
    return pq.read_table(run.path / f"{name}.parquet").to_pylist()


def prints(run: Run) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(run.path.glob("*.parquet"))}


def cheap(**settings) -> Project:
    """A project whose experiment is proven against nothing, by one trait."""
    return project(experiments={"spring": EXPERIMENT | {"traits": ["orders_total"], "against": []} | settings})


def test_everybody_is_in_the_arm_that_the_draw_says(run, world):
    rows = table(run, "assignments")
    assert {row["customer_id"]: row["arm"] for row in rows} == world[1]
    assert {row["probability"] for row in rows} == {0.5}
    design = Experiment("spring", tuple(Arm(name) for name in ARMS))
    assert all(assign_one(design, row["customer_id"])[0] == row["arm"] for row in rows[:50])
    assert [row["customer_id"] for row in rows] == sorted(world[1])


def test_readouts_are_the_means_of_what_came_within_the_window(run, world):
    orders = pq.read_table(world[0] / "orders.parquet").to_pylist()
    bought: dict[str, float] = {}
    for row in orders:
        if format_instant(START) < row["at"] <= format_instant(START + 14 * DAY):
            bought[row["customer_id"]] = bought.get(row["customer_id"], 0.0) + row["amount"]
    of_arm = {arm: [one for one in world[1] if world[1][one] == arm] for arm in ARMS}
    found = {row["outcome"]: row for row in table(run, "readouts")}
    for outcome, value in (("bought", lambda one: float(one in bought)), ("spent", lambda one: bought.get(one, 0.0))):
        means = {arm: float(np.mean([value(one) for one in ids])) for arm, ids in of_arm.items()}
        assert found[outcome]["value"] == pytest.approx(means["mail"])
        assert found[outcome]["control_value"] == pytest.approx(means["none"])
        assert found[outcome]["effect"] == pytest.approx(means["mail"] - means["none"])
    assert found["bought"]["answer"] == "works"
    assert found["bought"]["customers"] == len(of_arm["mail"])


def test_the_proof_finds_that_segments_beat_one_for_all(run):
    (row,) = table(run, "experiments")
    assert row["status"] == "done"
    assert row["counted"] == row["exposed"] == row["eligible"] == 400
    assert row["exposure"] == "assignment"
    assert not row["sizes_alarm"]
    points = {one["policy"]: one for one in table(run, "proofs") if one["budget"] is None}
    assert points["generic"]["over"] == "nothing"
    assert points["segment"]["over"] == "generic"
    assert points["segment"]["lead_low"] > 0
    assert [name for name, one in points.items() if one["recommended"]] == ["segment"] == [row["recommended"]]


def test_effects_are_scores_that_rules_may_speak_of(run):
    customers = run.customers.to_arrow()
    effect, orders = (np.asarray(customers[name].to_numpy(), float) for name in ("mail_effect", "orders_total"))
    assert effect[orders >= 5].mean() > effect[orders < 3].mean() + 0.1
    ids = {one for one, value in zip(customers["customer_id"].to_pylist(), effect, strict=True) if value > 0.1}
    assert ids == {row["customer_id"] for row in table(run, "membership") if row["segment"] == "worth_a_mail"}
    told = run.info["models"]["mail_effect"]
    assert told["fitted"]
    assert told["what"] == "effect"
    assert told["fitted_at"] == format_instant(START + 14 * DAY)


def test_an_effect_read_back_tells_the_same_of_everybody(run):
    scorer = run.scorer("mail_effect")
    assert scorer.score_all(run) == {"mail_effect": run.customers.to_arrow()["mail_effect"].to_pylist()}
    drivers = [row for row in table(run, "score_drivers") if row["score"] == "mail_effect"]
    assert {row["trait"] for row in drivers} <= {"orders_total", "days_since_order"}
    assert max(row["rank"] for row in drivers) <= 2


def test_the_page_tells_of_experiments_and_evidence(run):
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert 'id="experiments"' in page
    assert 'id="evidence"' in page
    assert "mail works: bought" in page


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_on_one_thread_and_on_two(make):
    one, two = make(cheap()), make(cheap(), threads=2)
    assert prints(one) == prints(two)
    assert one.info["experiments"] == two.info["experiments"]
    assert one.info["evidence"] == two.info["evidence"]


@pytest.mark.slow
def test_before_the_window_has_passed_nothing_is_said(make):
    early = make(cheap(), as_of=format_instant(START + 14 * DAY - 1))
    assert table(early, "readouts") == table(early, "proofs") == []
    (row,) = table(early, "experiments")
    assert (row["status"], row["counted"], row["exposed"]) == ("running", 0, 400)
    assert early.info["evidence"] == []
    on_time = make(cheap(), as_of=format_instant(START + 14 * DAY))
    assert len(table(on_time, "readouts")) == 2


def test_before_the_start_the_arms_can_be_looked_at(make, world):
    (row,) = table(early := make(cheap(), as_of="2026-02-20"), "experiments")
    assert (row["status"], row["exposed"]) == ("planned", 0)
    rows = table(early, "assignments")
    assert 0 < len(rows) <= 400
    assert all(world[1][one["customer_id"]] == one["arm"] for one in rows)


@pytest.mark.slow
def test_what_comes_after_the_window_changes_nothing(make, world, tmp_path):
    """A run as of the day on which the window has passed reads out the same as one long after it."""
    then, later = make(cheap(), as_of=format_instant(START + 14 * DAY)), make(cheap())
    for name in ("assignments", "readouts", "proofs"):
        assert table(then, name) == table(later, name), name


@pytest.mark.slow
def test_facts_after_the_as_of_instant_change_nothing(make, world, tmp_path):
    orders = pq.read_table(world[0] / "orders.parquet")
    cut = format_instant(START + 20 * DAY)
    pq.write_table(orders.filter(pa.array([at <= cut for at in orders["at"].to_pylist()])), tmp_path / "orders.parquet")
    whole, known = make(with_hold_out(), as_of=cut), make(with_hold_out(), as_of=cut, home=tmp_path)
    for name in ("experiments", "assignments", "readouts", "proofs"):
        assert table(whole, name) == table(known, name), name


@pytest.mark.slow
def test_eligible_are_those_of_the_start(make, world):
    run = make(cheap(who="orders_total >= 4"))
    rows = table(run, "assignments")
    before = {}
    for row in pq.read_table(world[0] / "orders.parquet").to_pylist():
        if row["at"] <= format_instant(START):
            before[row["customer_id"]] = before.get(row["customer_id"], 0) + 1
    assert {row["customer_id"] for row in rows} == {one for one, number in before.items() if number >= 4}


@pytest.mark.slow
def test_the_hold_out_is_in_no_arm(make, world):
    run = make(with_hold_out())
    held = assign(
        Experiment("spring", tuple(Arm(name) for name in ARMS), hold_outs=(HoldOut(0.2, "hold_out"),)), sorted(world[1])
    )
    rows = table(run, "assignments")
    ids = held.customer_ids.to_pylist()
    drawn = {row["customer_id"] for row in rows if row["experiment"] == "spring"}
    assert drawn == {one for one, arm in zip(ids, held.arm, strict=True) if arm >= 0}
    assert table(run, "experiments")[0]["held_out"] == int(held.held_out.sum()) > 50


@pytest.mark.slow
def test_the_hold_out_is_held_against_everybody_else(make, world):
    run = make(with_hold_out())
    nothing = {row["customer_id"] for row in table(run, "assignments") if row["arm"] == "nothing"}
    assert nothing == set(world[1]) - {
        row["customer_id"] for row in table(run, "assignments") if row["experiment"] == "spring"
    }
    first, last = format_instant(START), format_instant(START + 30 * DAY)
    orders = pq.read_table(world[0] / "orders.parquet").to_pylist()
    bought = {row["customer_id"] for row in orders if first < row["at"] <= last}
    (found,) = [row for row in table(run, "readouts") if row["outcome"] == "bought" and row["experiment"] == "hold_out"]
    assert found["control_value"] == pytest.approx(len(bought & nothing) / len(nothing))
    assert found["value"] == pytest.approx(len(bought - nothing) / (400 - len(nothing)))
    assert {row["experiment"] for row in table(run, "proofs")} == {"spring"}
    spent = [row["words"] for row in table(run, "readouts") if row["outcome"] == "spent"]
    assert ["who are not held out that is" in words for words in spent] == [False, True]
    with pytest.raises(SmaltiError, match="no experiment 'hold_out', wanted one of spring"):
        proven_in(run, "hold_out")


def with_hold_out() -> Project:
    return cheap().model_copy(update={"hold_out": Project(hold_out={"share": "20 %", "within": "30 days"}).hold_out})


def test_live_and_in_the_language_the_arms_are_those_of_the_run(run, world):
    for arm in run.info["experiments"][0]["arms"]:
        rule = check(parse(arm["rule"]), Vocabulary({}, {}, Currency("GBP"))).node
        step = Step({}, {"in": rule}, {})
        for customer, drawn in world[1].items():
            her = step.empty(customer)
            step.on_time(her, START)
            assert step.answers(her) == {"in": drawn == arm["name"]}


@pytest.mark.slow
@pytest.mark.parametrize("strata", ["toys", "books", "loyalty"])
def test_in_queries_the_arms_are_those_of_the_run(make, strata):
    """With hold-outs, a layer, a ramp, and strata by a text, a condition or segments, some customers in none of them."""
    spring = EXPERIMENT | {"strata": strata, "layer": {"name": "mails", "to": 0.8}, "share": 0.9}
    traits = {
        "toys": "most_frequent(orders.category, where category = 'toys')",
        "books": "any(orders, where category = 'books')",
    }
    given = {
        "traits": traits,
        "hold_out": {"share": 0.1, "treatments": {"mail": 0.05}},
        "segments": {"regular": SEGMENTS["regular"]},
    }
    at_start = {"as_of": format_instant(START)}
    first = make(project(experiments={"spring": spring}, **given), **at_start)
    told = first.info["experiments"][0]
    assert told["strata"]
    rules = {f"in_{arm['name']}": arm["rule"] for arm in told["arms"]}
    segments = given["segments"] | rules
    asked = make(project(experiments={}, traits=traits, segments=segments), **at_start)
    drawn = {
        (row["customer_id"], f"in_{row['arm']}") for row in table(first, "assignments") if row["experiment"] == "spring"
    }
    assert len(drawn) > 100
    assert drawn == {
        (row["customer_id"], row["segment"]) for row in table(asked, "membership") if row["segment"] in rules
    }


@pytest.mark.slow
def test_arms_are_exact_within_strata(make):
    run = make(cheap(strata="loyalty"))
    told = run.info["experiments"][0]
    assert {one["name"] for one in told["strata"]} == {"Regular", "Occasional"}
    assert abs(told["arms"][0]["customers"] - told["arms"][1]["customers"]) <= 2


@pytest.mark.slow
def test_a_covariate_narrows_the_interval_and_an_outlier_is_capped(make):
    plain = {row["outcome"]: row for row in table(make(cheap()), "readouts")}
    run = make(cheap(covariate="orders_total", outcome={"spent": "spend"}, worth="30 %", outliers={"cap": 15}))
    found = {row["outcome"]: row for row in table(run, "readouts")}
    assert found["spent"]["variance_kept"] < 1
    assert found["spent"]["error"] < plain["spent"]["error"]
    assert any("capped at 15" in note for note in run.info["experiments"][0]["notes"])


@pytest.mark.slow
def test_an_assumed_success_becomes_a_measured_one(make):
    given = cheap(strategy="develop", who="orders_total >= 1")
    rows = {row["strategy"]: row for row in table(make(given), "playbook")}
    assert rows["develop"]["success_basis"] == "measured"
    assert rows["develop"]["success_by"] == "experiment spring"
    assert 0.06 < rows["develop"]["success_rate"] < 0.4
    before = {row["strategy"]: row for row in table(make(given, as_of=format_instant(START + DAY)), "playbook")}
    assert before["develop"]["success_basis"] == "assumed"
    assert before["develop"]["success_rate"] == 0.06


def touches(folder, world, rows) -> None:
    """Write touches, and the orders beside them."""
    pq.write_table(pq.read_table(world[0] / "orders.parquet"), folder / "orders.parquet")
    pq.write_table(rows, folder / "touches.parquet")


def with_touches(**settings) -> Project:
    one = cheap(**settings)
    sources = dict(project().model_dump(mode="json")["sources"])
    given = {
        "orders": {
            "from": "orders.parquet",
            "customer": "customer_id",
            "at": "at",
            "columns": {"revenue": "amount", "category": "category"},
        }
    }
    assert set(sources) == set(given)
    return one.model_copy(update={"sources": Project(sources=given | {"touches": TOUCHED}).sources})


@pytest.mark.slow
def test_where_touches_tell_of_every_arm_they_say_who_was_reached_and_when(make, world, tmp_path):
    assigned = assign(Experiment("spring", tuple(Arm(name) for name in ARMS)), sorted(world[1])[:300])
    told = exposures(assigned, START).select(["customer_id", "at", "experiment", "arm", "probability"])
    shift = pa.array([format_instant(START + (number % 5) * DAY) for number in range(300)])
    touches(tmp_path, world, told.set_column(1, "at", shift))
    run = make(with_touches(), home=tmp_path)
    (row,) = table(run, "experiments")
    assert (row["exposure"], row["exposed"], row["counted"], row["status"]) == ("touches", 300, 300, "done")
    assert all(one["always_low"] < one["low"] for one in table(run, "readouts"))
    early = make(with_touches(), home=tmp_path, as_of=format_instant(START + 16 * DAY))
    (row,) = table(early, "experiments")
    assert (row["exposed"], row["counted"], row["status"]) == (300, 180, "running")
    assert len(table(early, "readouts")) == 2
    assert table(early, "proofs") == early.info["evidence"] == []
    assert any("the proof waits until" in note for note in early.info["experiments"][0]["notes"])
    with pytest.raises(SmaltiError, match="spring: it is still running, and a proof waits"):
        proven_in(early)
    first = make(with_touches(**{"from": None}), home=tmp_path)
    assert table(first, "experiments")[0]["exposed"] == 300


@pytest.mark.slow
def test_where_only_the_treated_have_touches_everybody_counts_as_drawn(make, world, tmp_path):
    mailed = sorted(one for one in world[1] if world[1][one] == "mail")[:100]
    rows = pa.table(
        {
            "customer_id": mailed,
            "at": [format_instant(START + DAY)] * 100,
            "experiment": ["spring"] * 100,
            "arm": ["mail"] * 100,
            "probability": [0.5] * 100,
        }
    )
    odd = rows.slice(0, 3).to_pylist()
    odd[0]["arm"], odd[1]["arm"], odd[2]["at"] = "mial", None, format_instant(START - DAY)
    touches(tmp_path, world, pa.concat_tables([rows, pa.Table.from_pylist(odd, rows.schema)]))
    run = make(with_touches(), home=tmp_path)
    (row,) = table(run, "experiments")
    assert (row["exposure"], row["exposed"]) == ("assignment", 400)
    told = " ".join(run.info["experiments"][0]["notes"])
    assert "touches tell of 100 of the" in told
    assert (
        "1 touch of an arm that it has not: found 'mial', wanted one of none, mail; not counted; did you mean 'mail'?"
        in told
    )
    assert "1 touch of it without an arm: not counted" in told
    assert "1 touch from before the start or after the end: not counted" in told
    assert table(run, "readouts") == table(make(cheap()), "readouts")


@pytest.mark.slow
def test_arms_of_the_wrong_sizes_are_not_believed(make, world, tmp_path):
    ids = sorted(world[1])
    kept = [one for one in ids if world[1][one] == "mail" or hash_of(one) % 10 < 6]
    rows = pa.table(
        {
            "customer_id": kept,
            "at": [format_instant(START)] * len(kept),
            "experiment": ["spring"] * len(kept),
            "arm": [world[1][one] for one in kept],
            "probability": [0.5] * len(kept),
        }
    )
    touches(tmp_path, world, rows)
    run = make(with_touches(strategy="develop"), home=tmp_path)
    assert table(run, "experiments")[0]["sizes_alarm"]
    assert {row["answer"] for row in table(run, "readouts")} == {"not to be trusted"}
    assert table(run, "proofs") == []
    assert {row["strategy"]: row["success_basis"] for row in table(run, "playbook")}["develop"] == "assumed"


def hash_of(text: str) -> int:
    return int(sha256(text.encode()).hexdigest()[:8], 16)


@pytest.mark.slow
def test_one_experiment_may_build_on_what_another_has_shown(make):
    later = {
        "who": "mail_effect > 0.1",
        "arms": {"none": 1, "call": 1},
        "control": "none",
        "outcome": "purchase",
        "within": "30 days",
        "from": "2026-05-01",
        "traits": ["orders_total"],
        "against": [],
    }
    first = EXPERIMENT | {"traits": ["orders_total"], "against": []}
    run = make(project(scores=SCORES, experiments={"second": later, "spring": first}))
    second, _ = table(run, "experiments")
    assert second["status"] == "done"
    assert 100 < second["eligible"] < 300
    too_early = make(project(scores=SCORES, experiments={"second": later | {"from": "2026-03-10"}, "spring": first}))
    assert table(too_early, "experiments")[0]["eligible"] == 0


def test_a_project_without_experiments_is_as_it_was(make):
    run = make(project(experiments={}))
    assert not {"experiments", "assignments", "readouts", "proofs"} & {file.stem for file in run.path.glob("*.parquet")}
    assert not {"experiments", "evidence"} & run.info.keys()
    assert "experiments" not in [one["step"] for one in run.info["timings"]]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert 'id="experiments"' not in page
    assert 'id="evidence"' not in page


@pytest.mark.slow
def test_proofs_can_be_had_without_a_run_and_from_one(make, world):
    (read,) = proven_in(make(cheap()))
    (made,) = prove_project(cheap(), Options(home=world[0], now=NOW + DAY, threads=1), "spring")
    assert read.to_dict() == made.to_dict()
    assert read.proof().recommended == made.proof().recommended
    with pytest.raises(SmaltiError, match="no experiment 'sprin', wanted one of spring; did you mean 'spring'"):
        proven_in(make(cheap()), "sprin")
    with pytest.raises(SmaltiError, match="nothing can be proven as of 2026-03-02: spring: it is still running"):
        prove_project(cheap(), Options(home=world[0], now=NOW + DAY, as_of="2026-03-02"))
    with pytest.raises(SmaltiError, match="the project has no experiments"):
        prove_project(project(experiments={}))


def test_an_assumed_rate_gives_way_by_as_much_as_is_known():
    belief = Belief(rate=0.05, strength=20)
    sure, vague, harm = (updated(belief, *one, by="x") for one in ((0.1, 0.001), (0.1, 1.0), (-0.05, 0.005)))
    assert sure.rate == pytest.approx(0.1, abs=1e-3)
    assert sure.rate * (1 - sure.rate) / (sure.strength + 1) == pytest.approx(1e-6, rel=0.02)
    assert vague.rate == pytest.approx(0.05, abs=1e-3)
    assert vague.strength == pytest.approx(20, rel=0.02)
    assert 0 < harm.rate < 0.005


def test_touches_that_go_against_the_draw_are_told():
    ids = pa.array(["a", "b", "c", "d"])
    ready = prepare(cheap(), {"orders": ORDERS}).experiments[0]
    drawn = Drawn(ids.slice(0, 2), np.array([0, 1]), np.full(2, 0.5), np.full(2, 0.5), 0, START, ready.design)
    left_out, other = _against_the_draw(ids, np.array([0, 0, 1, 1]), ready, drawn, strangers=1)
    assert left_out.startswith("1 customer was touched who was not drawn")
    assert other.startswith("1 customer was touched with another arm of spring")
    assert list(_against_the_draw(ids.slice(0, 1), np.array([0]), ready, drawn, strangers=0)) == []
