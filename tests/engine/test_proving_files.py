"""Trials as they lie in files: which column is which, which rows can be used, and what is said of it."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.engine.proving import Asked, load_trial
from smalti.engine.proving.asked import among, of_each
from smalti.engine.proving.balance import imbalances
from smalti.engine.proving.roles import find_roles
from smalti.engine.proving.segmenting import segmentations
from smalti.errors import SmaltiError, SourceError
from smalti.models.supervised import Column

ROWS = 600


def table(rows=ROWS, seed=3, **more):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, rows)
    columns = {
        "customer_id": [f"c{n}" for n in range(rows)],
        "age": rng.integers(18, 80, rows).tolist(),
        "plan": rng.choice(["basic", "gold", ""], rows).tolist(),
        "group": np.array(["none", "mail"])[arm].tolist(),
        "bought": rng.integers(0, 2, rows).tolist(),
        "spend": np.round(rng.gamma(1, 20, rows), 2).tolist(),
    }
    return columns | more


def csv(path, columns, sign=","):
    lines = [sign.join(columns), *(sign.join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(trial):
    return " | ".join(trial.taken)


def test_columns_are_found_by_name_place_and_values(tmp_path):
    trial = load_trial(csv(tmp_path / "trial.csv", table()))
    assert trial.arms == ("mail", "none")
    assert trial.arms[trial.control] == "none"
    assert [(one.name, one.kind) for one in trial.outcomes] == [("bought", "rate"), ("spend", "money")]
    assert [(one.name, one.kind) for one in trial.columns] == [("age", "number"), ("plan", "category")]
    assert trial.customer is None
    assert trial.rows == trial.customers == ROWS
    assert "chances: none are logged" in told(trial)
    assert not trial.warnings


@pytest.mark.parametrize("form", ["csv", "semicolons", "gz", "parquet", "jsonl", "xlsx"])
def test_all_kinds_of_files_give_the_same_trial(tmp_path, form):
    columns = table(60)
    wanted = load_trial(csv(tmp_path / "wanted.csv", columns))
    path = tmp_path / f"trial.{form}"
    if form in ("csv", "semicolons"):
        csv(path, columns, ";" if form == "semicolons" else ",")
    elif form == "gz":
        path.write_bytes(gzip.compress(csv(tmp_path / "plain.csv", columns).read_bytes()))
    elif form == "parquet":
        pq.write_table(pa.table(columns), path)
    elif form == "jsonl":
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in (list(columns), *zip(*columns.values(), strict=True)):
            book.active.append(list(row))
        book.save(path)
    found = load_trial(path)
    assert found.arms == wanted.arms
    assert np.array_equal(found.arm, wanted.arm)
    assert np.array_equal(found.folds, wanted.folds)
    for one, other in zip(found.outcomes, wanted.outcomes, strict=True):
        assert (one.name, one.kind) == (other.name, other.kind)
        assert np.array_equal(one.values, other.values)
    for one, other in zip(found.columns, wanted.columns, strict=True):
        assert one.kind == other.kind
        assert one.values.tolist() == other.values.tolist()


def test_every_row_is_used_or_set_aside(tmp_path):
    columns = table(20)
    columns["group"][3] = ""
    columns["spend"][4] = "much"
    columns["bought"][5] = ""
    columns["customer_id"][6] = " "
    path = csv(tmp_path / "trial.csv", columns)
    path.write_text(path.read_text(encoding="utf-8") + "c99,too,few\n", encoding="utf-8")
    trial = load_trial(path)
    assert trial.set_aside == {
        "too few fields": 1,
        "no group said": 1,
        "spend is not a number": 1,
        "no bought told": 1,
        "no customer": 1,
    }
    assert trial.rows + sum(trial.set_aside.values()) == 21


def test_chances_that_cannot_be_are_set_aside(tmp_path):
    chances = [0.5] * 20
    chances[1], chances[2], chances[3] = 0.0, 1.5, ""
    trial = load_trial(csv(tmp_path / "trial.csv", table(20, probability=chances)))
    assert trial.logged
    assert trial.set_aside == {"no probability": 1, "probability not above 0 and at most 1": 2}
    assert set(trial.probability) == {0.5}


def test_decisions_about_one_customer_stay_together(tmp_path):
    columns = table(90)
    columns["customer_id"] = [f"c{n % 30}" for n in range(90)]
    trial = load_trial(csv(tmp_path / "trial.csv", columns))
    assert trial.customers == 30
    folds = {who: set(trial.folds[trial.customer == who]) for who in range(30)}
    assert all(len(one) == 1 for one in folds.values())
    assert "90 rows are decisions about 30 customers" in told(trial)


def test_folds_go_with_the_customer_and_not_with_the_row(tmp_path):
    columns = table(50)
    forth = load_trial(csv(tmp_path / "forth.csv", columns))
    back = load_trial(csv(tmp_path / "back.csv", {name: values[::-1] for name, values in columns.items()}))
    assert np.array_equal(forth.folds, back.folds[::-1])


def test_yes_and_no_arms_get_the_name_of_their_column(tmp_path):
    columns = table(40)
    columns["treatment"] = [int(one == "mail") for one in columns.pop("group")]
    trial = load_trial(csv(tmp_path / "trial.csv", columns), Asked(control="0"))
    assert trial.arms == ("no treatment", "treatment")
    assert trial.control == 0


def test_what_goes_with_the_arm_was_not_known_before(tmp_path):
    columns = table()
    rng = np.random.default_rng(0)
    columns = {"letter_text": [int(one == "mail") * int(rng.integers(1, 4)) for one in columns["group"]], **columns}
    trial = load_trial(csv(tmp_path / "trial.csv", columns))
    assert "letter_text" not in [one.name for one in trial.columns]
    assert "left out: letter_text (the same for everybody in some arm" in told(trial)


def test_an_outcome_is_never_taken_for_what_was_known_before(tmp_path):
    columns = table()
    columns["clicks_seen"] = list(range(ROWS))[::-1]
    columns["retention_7"] = columns["bought"]
    trial = load_trial(csv(tmp_path / "trial.csv", columns), Asked(outcomes=("retention_7",)))
    assert [one.name for one in trial.outcomes] == ["retention_7"]
    assert [one.name for one in trial.columns] == ["age", "plan"]
    assert "left out: bought, spend, clicks_seen" in told(trial)
    said = load_trial(tmp_path / "trial.csv", Asked(outcomes=("retention_7",), attributes=("age", "spend")))
    assert [one.name for one in said.columns] == ["age", "spend"]


def test_what_stands_among_the_outcomes_is_one(tmp_path):
    columns = {"userid": list(range(100, 200)), "version": ["gate_30", "gate_40"] * 50, "rounds": [7, 7, 3, 3] * 25}
    trial = load_trial(csv(tmp_path / "trial.csv", columns | {"retention_1": ["TRUE", "FALSE", "FALSE", "TRUE"] * 25}))
    assert {one.name: one.kind for one in trial.outcomes} == {"rounds": "number", "retention_1": "rate"}
    assert trial.columns == ()
    assert "known before: nothing" in told(trial)


def test_arms_that_were_not_drawn_are_told_aloud(tmp_path):
    rng = np.random.default_rng(1)
    columns = table(6_000)
    age = np.array(columns["age"])
    columns["group"] = np.where(rng.random(6_000) < 0.35 + 0.004 * (age - 18), "mail", "none").tolist()
    path = csv(tmp_path / "trial.csv", columns)
    warned = load_trial(path)
    assert "not alike beforehand: age differs" in warned.warnings[0]
    estimated = load_trial(path, Asked(observational=True))
    assert estimated.observational
    assert len(set(estimated.probability)) > 10
    assert "estimated" in told(estimated)
    assert estimated.warnings


def test_shares_that_were_planned(tmp_path):
    path = csv(tmp_path / "trial.csv", table(40))
    assert load_trial(path, Asked(shares=(("mail", 0.25),))).planned == (0.25, 0.75)
    with pytest.raises(SourceError, match="wanted 1 over mail, none"):
        load_trial(path, Asked(shares=(("mail", 0.25), ("none", 0.25))))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (Asked(arm="gruop"), "there is no column 'gruop' for arm; .* did you mean 'group'"),
        (Asked(outcomes=("spent",)), "there is no column 'spent' for outcome; .* did you mean 'spend'"),
        (Asked(arm="customer_id"), "column 'customer_id' has 600 different values .* wanted arms"),
        (Asked(control="nobody"), "control: found 'nobody', wanted one of mail, none"),
        (Asked(arm="group", outcomes=("group",)), "column 'group' was said to be both arm and outcome"),
        (Asked(shares=(("male", 0.5),)), "share: found 'male', .* did you mean 'mail'"),
    ],
)
def test_mistakes_are_told_with_the_nearest_name(tmp_path, asked, wanted):
    path = csv(tmp_path / "trial.csv", table())
    with pytest.raises(SmaltiError, match=wanted):
        load_trial(path, asked)


def test_a_file_that_is_no_trial_says_what_is_missing(tmp_path):
    path = csv(tmp_path / "orders.csv", {"customer": ["a", "b"], "date": ["2026-01-01"] * 2, "amount": [1, 2]})
    with pytest.raises(
        SourceError, match=r"what was done to whom .--arm COLUMN. and what came of it .--outcome COLUMN"
    ):
        load_trial(path)


def test_rows_none_of_which_can_be_used(tmp_path):
    path = csv(tmp_path / "trial.csv", table(4) | {"bought": ["?", "?", "?", "?"]})
    with pytest.raises(SourceError, match="none of its rows can"):
        load_trial(path, Asked(outcomes=("bought",)))


@pytest.mark.parametrize(
    "wrong", [{"folds": 1}, {"level": 1.0}, {"learner": "q"}, {"cost": ((None, -1.0),)}, {"currency": "PFUND"}]
)
def test_what_is_asked_has_to_make_sense(wrong):
    with pytest.raises(SmaltiError, match="found"):
        Asked(**wrong)


def test_costs_are_said_of_all_arms_or_of_one():
    arms = ("none", "mail", "letter")
    assert of_each(((None, 0.5), ("LETTER", 2.0)), arms, "cost", without="none") == {"mail": 0.5, "letter": 2.0}
    with pytest.raises(SmaltiError, match="did you mean 'mail'"):
        among("mails", arms, "cost")


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=8, max_size=60),
    texts=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=60, max_size=60),
)
def test_segments_hold_everybody_once(values, texts):
    numbers = Column("n", "number", np.array([np.nan if one is None else one for one in values]))
    names = Column("t", "category", np.array(texts[: len(values)], dtype=object))
    for cut in segmentations((numbers, names)):
        assert cut.codes.shape == (len(values),)
        assert len(set(cut.labels)) == len(cut.labels) > 1
        assert (cut.counts > 0).all()
        assert cut.counts.sum() == len(values)


def test_segments_of_numbers_do_not_look_at_what_came():
    age = Column("age", "number", np.arange(1000.0))
    (cut,) = segmentations((age,))
    assert cut.counts.tolist() == [250] * 4
    assert cut.labels[0] == "age up to 249"


def test_balance_finds_only_what_differs():
    rng = np.random.default_rng(5)
    arm = rng.integers(0, 3, 5_000)
    same = [Column(f"n{n}", "number", rng.normal(size=5_000)) for n in range(20)]
    other = Column("c", "category", np.where(rng.random(5_000) < 0.3 + 0.1 * arm, "x", "y").astype(object))
    assert [one.column for one in imbalances([*same, other], arm, 3)] == ["c"]


def test_counters_of_rows_are_nothing_that_was_known():
    rows = pa.table(
        {"column_1": list(range(100)), "group": ["a", "b"] * 50, "y": [0, 1] * 50, "age": [1, 2, 3, 4] * 25}
    )
    assert find_roles(rows, Asked()).others == ("age",)


def test_age_is_known_before_wherever_it_stands(tmp_path):
    columns = table()
    order = ("customer_id", "group", "age", "plan", "bought")
    trial = load_trial(csv(tmp_path / "trial.csv", {name: columns[name] for name in order}))
    assert [one.name for one in trial.outcomes] == ["bought"]
    assert [one.name for one in trial.columns] == ["age", "plan"]


@pytest.mark.parametrize("said", [{"attributes": ("spend",)}, {"by": ("spend",)}, {"attributes": ("group",)}])
def test_what_came_or_was_done_cannot_be_said_to_be_known_before(tmp_path, said):
    with pytest.raises(SourceError, match="known before"):
        load_trial(csv(tmp_path / "trial.csv", table()), Asked(arm="group", outcomes=("spend",), **said))


def test_what_all_but_tells_an_outcome_is_left_out_unless_said(tmp_path):
    columns = table()
    columns["receipt_no"] = [one * (100 + place) for place, one in enumerate(columns["bought"])]
    file = csv(tmp_path / "trial.csv", columns)
    trial = load_trial(file, Asked(outcomes=("bought",)))
    assert "receipt_no" not in [one.name for one in trial.columns]
    assert "left out: receipt_no (it all but tells bought" in told(trial)
    assert "receipt_no" in [one.name for one in load_trial(file, Asked(attributes=("receipt_no",))).columns]


def confounded(rows=3_000):
    rng = np.random.default_rng(5)
    wealth = rng.random(rows)
    mailed = rng.random(rows) < 0.1 + 0.8 * wealth
    return {
        "customer_id": [f"c{place}" for place in range(rows)],
        "group": np.where(mailed, "mail", "control").tolist(),
        "past_spend": np.round(100 * wealth, 1).tolist(),
        "bought": (rng.random(rows) < 0.05 + 0.3 * wealth).astype(int).tolist(),
    }


def test_what_led_to_the_arm_is_never_dropped_in_silence(tmp_path):
    file = csv(tmp_path / "trial.csv", confounded())
    trial = load_trial(file)
    assert not trial.columns
    assert any("past_spend" in one and "not drawn at random" in one for one in trial.warnings)
    weighed = load_trial(file, Asked(observational=True))
    assert [one.name for one in weighed.columns] == ["past_spend"]
    assert weighed.probability.std() > 0.1
    assert any("not an experiment" in one for one in weighed.warnings)


def test_customers_with_two_arms_are_told_aloud(tmp_path):
    columns = table()
    twice = {name: [*values, *values[:40]] for name, values in columns.items()}
    assert any("40 rows" in one for one in load_trial(csv(tmp_path / "twice.csv", twice)).warnings)
    turned = [{"mail": "none", "none": "mail"}[one] for one in columns["group"][:40]]
    twice["group"] = [*columns["group"], *turned]
    assert any(
        "40 customers had more than one arm" in one for one in load_trial(csv(tmp_path / "b.csv", twice)).warnings
    )


def test_a_control_that_nobody_named_is_told_aloud(tmp_path):
    columns = table() | {"group": ["x", "y", "z"] * (ROWS // 3)}
    assert any("--control" in one for one in load_trial(csv(tmp_path / "trial.csv", columns)).warnings)


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [({"group": ["mail"] * ROWS}, "'group' has 1 value,"), ({"bought": ["lots"] * ROWS}, "'bought' holds")],
)
def test_why_a_column_with_the_right_name_is_not_taken(tmp_path, changed, wanted):
    columns = table() | changed
    columns.pop("spend")
    with pytest.raises(SourceError, match=wanted):
        load_trial(csv(tmp_path / "trial.csv", columns))
