"""What a trial proves, told: the words, the numbers, the page and the chapter."""

import re
from dataclasses import replace

import pytest
from proof_worlds import outcome, proof, proved

from smalti.facts import Currency
from smalti.report import evidence, page, proof_page, tell_proof
from smalti.report.matter import Matter
from smalti.report.proof_curve import plane
from smalti.report.units import Unit
from smalti.report.verdict_words import by_budget, headline, missing_words, policy_title, reasons

POLICIES = ("nothing", "generic", "segment", "individual")


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("recommended", "wanted"),
    [
        ("nothing", "Leave it at No E-Mail for all"),
        ("generic", "One for all: give everybody Mens E-Mail."),
        ("segment", "By segment: what is best for each segment of mens x womens"),
        ("individual", "One to one: what is best for each customer"),
    ],
)
def test_the_headline_says_what_to_do(recommended, wanted):
    assert headline(proof(recommended)).startswith(wanted)


def test_the_reasons_say_what_is_better_and_what_was_not_shown():
    told = reasons(proof(), Unit("rate"), POLICIES)
    assert told[0] == "Mens E-Mail for everybody brings +7.7 points against No E-Mail for all (7.1 to 8.3)."
    assert "a difference is not shown" in told[1]
    assert len(told) == 3
    assert len(reasons(proof(), Unit("rate"), POLICIES[:3])) == 2


def test_what_is_worse_is_called_worse():
    told = reasons(proof("nothing"), Unit("money"), POLICIES)
    assert not any("worse" in one for one in told)
    turned = reasons(proof("segment"), Unit("number"), POLICIES)
    assert turned[0].startswith("Choosing by segment brings +0.078 per customer against No E-Mail for all")
    assert "which is not shown beyond chance" in turned[1]


def test_budgets_with_one_answer_are_told_together():
    told = [plain(one) for one in by_budget(proof())]
    assert told[0] == "5 % to 10 % of customers: choosing by segment is shown to be worth more than one for all."
    assert told[1].startswith("20 % to 100 % of customers: one for all")
    assert told[2].startswith("1,500 to spend: ")


def test_noise_yields_no_misses_and_says_so():
    told = " ".join(missing_words(proof().misses, Unit("rate"), segments=True, told_apart=True))
    assert "not shown that customers differ" in told
    assert "noise" in told
    shown = plain(" ".join(missing_words(proof(shown=True).misses, Unit("rate"), segments=True, told_apart=True)))
    assert "About 12 % of customers (8 % to 16 %)" in shown
    assert "+1.0 points" in shown


def test_the_curve_rises_with_the_budget_and_shows_nought():
    drawn = plane(proof(), Unit("rate"))
    assert [line.title for line in drawn.lines] == ["one for all", "by segment", "one to one"]
    for line in drawn.lines:
        heights = [y for _, y, _ in line.dots]
        assert heights == sorted(heights, reverse=True)
        assert all(0 <= y <= 200 and 0 <= x <= 320 for x, y, _ in line.dots)
    assert 0 < drawn.zero <= 200
    assert drawn.up[0].at == 0
    assert drawn.up[-1].at == 100


@pytest.mark.parametrize(
    ("unit", "value", "error", "wanted"),
    [
        (Unit("rate"), 0.18276, 0.0026, "18.3 %"),
        (Unit("rate"), 0.00573, 0.0005, "0.57 %"),
        (Unit("money", Currency("GBP")), 1.4226, 0.12, "£1.42"),
        (Unit("money", Currency("GBP")), -1234.5, 90.0, "-£1,234"),
        (Unit("money"), 0.77, 0.15, "0.77"),
        (Unit("number"), 51.87, 0.6, "51.9"),
        (Unit("number"), float("nan"), 0.6, "–"),
    ],
)
def test_values_are_written_as_finely_as_they_are_known(unit, value, error, wanted):
    assert plain(unit.value(value, error)) == wanted


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_a_difference_lies_in_its_interval_as_written(scale):
    unit = Unit("number")
    low, high = (float(one.replace(",", "")) for one in unit.between(-scale, 3 * scale).split(" to "))
    value = float(unit.change(scale, scale).replace(",", ""))
    assert low <= value <= high
    assert abs(high - 3 * scale) <= 0.6 * max(scale, 1e-6)
    assert "e" not in unit.between(-scale, 3 * scale)


def test_the_page_is_whole_and_loads_nothing():
    html = proof_page(proved())
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html)
    assert html.count("<h1") == 1
    assert "Mens E-Mail for everybody brings" in html
    assert "no visit told" in html
    assert "Were contacts free" in html
    assert html == proof_page(proved())
    for key in re.findall(r'href="#([\w-]+)"', html):
        assert f'id="{key}"' in html


def test_hostile_names_stay_text():
    bad = "<script>alert(1)</script>"
    html = proof_page(proved(name=bad, outcomes=[outcome(bad, arm=bad)], control=bad, taken=[bad], warnings=[bad]))
    assert "<script" not in html


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"observational": True}, "not drawn at random"),
        ({"ratio": {"counts": [10, 90], "expected": [50.0, 50.0], "p": 1e-9, "alarm": True}}, "not of one size"),
        (
            {"planned": [0.5, 0.5], "ratio": {"counts": [10, 90], "expected": [50.0, 50.0], "p": 1e-9, "alarm": True}},
            "where 50 to 50 were planned",
        ),
        ({"warnings": ["the arms were not alike"]}, "The arms were not alike."),
    ],
)
def test_what_stands_against_it_is_said_aloud(changed, wanted):
    told = tell_proof(proved(**changed))
    assert wanted in " ".join(told.warnings)
    assert wanted in proof_page(proved(**changed))


def test_where_customers_cannot_be_told_apart_no_one_to_one_is_claimed():
    told = tell_proof(proved(outcomes=[outcome() | {"told_apart": False}])).outcomes[0]
    assert [rung.title for rung in told.rungs][-1] == "By segment: mens x womens"
    assert "cannot be told apart" in " ".join(told.misses)
    assert not any("one by one" in one for one in told.reasons)


def test_a_run_without_trials_has_no_chapter():
    info = {"project": "Corner Shop", "currency": "GBP"}
    assert evidence(Matter(info, {})) == ()
    assert 'id="evidence"' not in page(info, {})


def test_a_run_tells_its_trials():
    html = page({"project": "Corner Shop", "currency": "GBP", "evidence": [proved()]}, {})
    assert 'id="evidence"' in html
    assert "One for all: give everybody Mens E-Mail." in html
    assert ".ladder" in html


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [({"observational": True}, "If the estimated chances are right"), ({"doubted": True}, "If the arms were drawn")],
)
def test_what_is_not_an_experiment_never_says_that_it_works(changed, wanted):
    told = tell_proof(proved(**changed)).outcomes[0]
    assert told.verdict.startswith(wanted)
    assert {one.answer for one in told.effects} == {"not proven"}
    assert {one.state for one in told.effects} == {"open"}


def test_differing_customers_who_are_worth_nothing_are_not_called_better_served():
    shown = replace(proof(shown=True).misses, worth_low=-0.01)
    told = " ".join(missing_words(shown, Unit("rate"), segments=True, told_apart=True))
    assert "worth anything is not shown" in told
    assert "do not act on it" in told
    assert "better served" not in told


def test_an_arm_that_is_the_best_of_some_parts_only_is_not_given_to_everybody():
    torn = proof("nothing")
    first = torn.points[0]
    standings = tuple(replace(one, contacted=0.4) if one.policy == "generic" else one for one in first.standings)
    torn = replace(torn, points=(replace(first, standings=standings), *torn.points[1:]))
    assert policy_title("generic", torn) == "The best single arm for all"
    assert any(
        one.startswith("Which arm is the best for all is not sure") for one in reasons(torn, Unit("rate"), POLICIES)
    )


def test_warnings_alike_are_not_told_dozens_of_times():
    one = outcome()
    one["proof"] = dict(one["proof"]) | {"warnings": [f"Arm {place}: little is known" for place in range(30)]}
    told = tell_proof(proved(outcomes=[one])).warnings
    assert len(told) == 4
    assert "27 more" in told[-1]
