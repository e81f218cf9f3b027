"""smalti prove and smalti power: from a file to a verdict, a page and JSON; mistakes told in a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smalti.cli.said import as_number, budgets, named_columns, named_numbers, shares
from smalti.errors import SmaltiError


def rows(number=900, seed=4):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, number)
    bought = rng.random(number) < 0.1 + 0.3 * arm
    plans = rng.choice(["basic", "gold"], number)
    return [
        [f"c{n}", plans[n], ("none", "mail")[arm[n]], int(bought[n]), f"{20.5 * bought[n]:.2f}"] for n in range(number)
    ]


HEAD = ["customer_id", "plan", "group", "bought", "spend"]


@pytest.fixture
def trial(terminal):
    return terminal.table("trial.csv", HEAD, rows())


def told(result):
    return " ".join(result.stdout.split())


def test_a_file_is_proven(terminal, trial):
    result = terminal.types("prove", trial, "--outcome", "bought", "--to", "proof.html")
    assert result.exit_code == 0
    words = told(result)
    assert "trial.csv: 900 customers, 2 arms, held against none" in words
    assert "give everybody mail" in words
    assert "works" in words
    assert "left out: spend" in words
    page = (terminal.folder / "proof.html").read_text(encoding="utf-8")
    assert "give everybody mail" in page
    assert "<script" not in page


def test_a_machine_gets_json_and_the_same_twice(terminal, trial):
    words = ("prove", trial, "--outcome", "spend", "--cost", "0.50", "--budget", "20%", "--budget", "100", "--json")
    first, second = (terminal.types(*words) for _ in range(2))
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert found["arms"][0] == {
        "arm": "mail",
        "rows": found["arms"][0]["rows"],
        "share": found["arms"][0]["share"],
        "cost": 0.5,
    }
    (outcome,) = found["outcomes"]
    assert outcome["unit"] == "money"
    assert [one["budget"] and one["budget"]["kind"] for one in outcome["proof"]["points"]] == [
        None,
        "contacts",
        "money",
    ]
    assert outcome["without_costs"] is not None


def test_a_cost_that_eats_the_effect_is_not_paid(terminal, trial):
    result = terminal.types(
        "prove", trial, "--outcome", "spend", "--cost", "mail=25", "--budget", "50%", "--currency", "EUR"
    )
    assert "Leave it at none for all" in told(result)
    assert "Were contacts free: One for all" in told(result)


def test_a_cost_without_worth_is_not_counted_and_said(terminal, trial):
    result = terminal.types("prove", trial, "--outcome", "bought", "--cost", "0.5", "--budget", "50%")
    assert "Say what one is worth with --worth bought=AMOUNT" in told(result)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("prove",), "wanted smalti prove FILE, or a project with experiments"),
        (("prove", "trail.csv"), "there is no file 'trail.csv'; did you mean 'trial.csv'?"),
        (("prove", "trial.csv", "--arm", "gruop"), "did you mean 'group'?"),
        (("prove", "trial.csv", "--cost", "much"), "--cost: found 'much', wanted a number such as 0.50, or NAME=0.50"),
        (
            ("prove", "trial.csv", "--cost", "mial=1"),
            "cost: found 'mial', wanted one of mail, none; did you mean 'mail'?",
        ),
        (("prove", "trial.csv", "--worth", "bougt=1"), "did you mean 'bought'?"),
        (("prove", "trial.csv", "--budget", "0%"), "--budget: found '0%'"),
        (("prove", "trial.csv", "--budget", "120%"), "--budget: found '120%'"),
        (("prove", "trial.csv", "--share", "0.5"), "wanted an arm with its share"),
        (("prove", "trial.csv", "--folds", "1"), "folds: found 1, wanted 2 to 20 folds"),
        (("prove", "trial.csv", "--learner", "z"), "unknown learner: found 'z'"),
        (("prove", "trial.csv", "--rank", "spend"), "--rank: found 'spend', wanted NAME=COLUMN, such as value=history"),
        (("prove", "trial.csv", "--currency", "EURO"), "unknown currency"),
        (("prove", "trial.csv", "--by", "paln"), "there is no column 'paln' for segments"),
        (("prove", "trial.csv", "--outcome", "plan"), "none of its rows can"),
        (("prove", "orders.csv"), "cannot see which column says what was done to whom"),
        (("power",), "found neither --effect nor --customers"),
        (("power", "--effect", "1%"), "what the outcome is now: found none"),
        (("power", "--rate", "2%", "--mean", "3", "--effect", "1"), "what the outcome is now: found more than one"),
        (("power", "--rate", "x", "--effect", "1"), "--rate: found 'x'"),
        (("power", "--mean", "3", "--effect", "1"), "wanted both"),
        (("power", "--rate", "2%", "--effect", "0"), "effect"),
        (("power", "--rate", "2%", "--effect", "0.01", "--arms", "one"), "arms: expected two or more"),
        (("power", "trial.csv", "--effect", "0.01"), "say --outcome COLUMN"),
    ],
)
def test_mistakes_are_told_in_words(terminal, trial, words, wanted):
    terminal.orders()
    assert wanted in terminal.complaint(*words)


def test_a_project_says_for_itself_what_a_file_must_be_told(shop):
    assert "--arm goes with files" in shop.complaint("prove", "spring", "--arm", "group")


def test_a_project_without_experiments_says_so(shop):
    for words in (("prove",), ("prove", "spring")):
        assert "has no experiments; write them under experiments:" in shop.complaint(*words)


def test_power_from_a_rate(terminal):
    result = terminal.types("power", "--rate", "10%", "--effect", "20%", "--per-day", "500", "--within", "14")
    assert "it takes 3,839 customers in control and 3,839 in treated: 7,678 in all" in told(result)
    assert "within 16 days; the last outcome is in after 30 days" in told(result)


def test_power_from_a_file(terminal, trial):
    found = json.loads(terminal.types("power", trial, "--outcome", "bought", "--customers", "2000", "--json").stdout)
    assert found["customers"] == {"control": 1000, "treated": 1000}
    assert 0 < found["effect"] < 0.2
    assert "bought of 900 customers in trial.csv." in found["sentences"][0]


def test_power_with_money_and_three_arms(terminal):
    words = ("--mean", "12.5", "--deviation", "40", "--effect", "1", "--arms", "none,mail,letter")
    result = terminal.types("power", *words, "--share", "none=20%", "--cost", "letter=1.20", "--cost", "mail=0.05")
    assert result.exit_code == 0
    assert "letter earns its cost from an effect of +1.20 on" in told(result)


@pytest.mark.parametrize("text", ["", "=", "a=", "=1", "nan", "inf", "1,2,x"])
def test_numbers_that_are_none(text):
    with pytest.raises(SmaltiError, match="wanted a number"):
        named_numbers([text], "cost")


def test_what_is_typed_is_read():
    assert named_numbers(["a=b=2", "1,000"], "cost") == (("a=b", 2.0), (None, 1000.0))
    assert [one.kind for one in budgets(["100%", "5"])] == ["contacts", "money"]
    assert shares(["a=50%"]) == (("a", 0.5),)
    assert as_number("-3.5") == -3.5
    assert named_columns(["value = a=b", "recency=c"], "rank") == (("value", "a=b"), ("recency", "c"))


def test_customers_are_ranked_by_what_is_said(terminal):
    told_apart = [[*row, place % 97] for place, row in enumerate(rows(600))]
    file = terminal.table("ranked.csv", [*HEAD, "points"], told_apart)
    words = (
        "prove",
        file,
        "--outcome",
        "bought",
        "--budget",
        "20%",
        "--folds",
        "2",
        "--rank",
        "value=points",
        "--json",
    )
    (outcome,) = json.loads(terminal.types(*words).stdout)["outcomes"]
    assert outcome["plans"]["columns"] == {"value": "points"}
    assert "value" in [one["policy"] for one in outcome["plans"]["points"][0]["values"]]
    wrong = ("prove", file, "--outcome", "bought", "--folds", "2", "--rank", "value=pints")
    assert "rank value: found 'pints', wanted one of points; did you mean 'points'?" in terminal.complaint(*wrong)
