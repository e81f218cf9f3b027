"""Plans at several budgets, told: the verdict, the numbers, the lines, and their place in the proof."""

import re

import pytest
from proof_worlds import outcome, proved

from smalti.facts import Currency
from smalti.report import proof_page, tell_proof
from smalti.report.plan_curve import plans_told
from smalti.report.units import Unit

NAMES = ("plan", "response", "value", "rfm", "lot")
POUNDS = Unit("money", Currency("GBP"))


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def value(name, worth):
    return {
        "policy": name, "value": worth, "error": 0.01, "low": worth - 0.02, "high": worth + 0.02, "contacted": 0.2, "cost": 0.1,
    }  # fmt: skip


def lead(over, more, wide=0.03):
    ends = {"low": more - 0.02, "high": more + 0.02, "low_together": more - wide, "high_together": more + wide}
    return {"over": over, "value": more, "error": 0.01, **ends}


def plans(mores=(0.0, 0.01, 0.02, 0.05), kinds=(("contacts", 0.1), ("contacts", 0.5), ("contacts", 1.0))):
    points = [
        {
            "budget": {"kind": kind, "amount": amount},
            "values": [value(name, 0.1 - 0.01 * place) for place, name in enumerate(NAMES)],
            "leads": [lead(name, more) for name, more in zip(NAMES[1:], mores, strict=True)],
        }
        for kind, amount in kinds
    ]
    return {"points": points, "columns": {"value": "history", "recency": "recency"}, "gap": 0.0, "level": 0.95}


def test_the_verdict_says_where_it_is_better_and_that_it_is_nowhere_worse():
    told = plans_told(plans(), POUNDS)
    assert told.verdict[0] == (
        "At every budget the plan is at least as good as ranking by response, past value and RFM, within the intervals."
    )
    assert plain(told.verdict[1]).startswith("It is shown to bring more than choosing by lot at 10 % of customers")
    assert told.taken.endswith("value by history and recency by recency.")


def test_where_it_is_worse_beyond_chance_the_verdict_says_so():
    told = plans_told(plans((0.0, -0.05, 0.0, 0.0)), POUNDS)
    assert len(told.verdict) == 3
    first = plain(told.verdict[0])
    assert first == "At 10 % of customers the plan brings £0.05 per customer less than ranking by past value."


def test_where_nothing_is_shown_the_verdict_says_so():
    assert plans_told(plans((0.0, 0.0, 0.0, 0.0)), POUNDS).verdict[-1] == (
        "That it is better than one of them is not shown at any budget."
    )


def test_the_numbers_stand_beside_their_intervals():
    told = plans_told(plans(), POUNDS)
    assert told.titles == ("the plan", "by response", "by value", "by RFM", "by lot")
    row = told.rows[0]
    assert row.values[0] == "+£0.10"
    assert row.leads[3] == ("+£0.05", "£0.02 to £0.08")
    same = plans()
    same["points"][0]["leads"][0]["error"] = 0.0
    assert plans_told(same, POUNDS).rows[0].leads[0] == ("the same", "")


def test_the_lines_lie_on_the_plane_and_only_the_plan_has_a_band():
    drawn = plans_told(plans(), POUNDS).plane
    assert [bool(line.band) for line in drawn.lines] == [True, False, False, False, False]
    assert all(0 <= x <= 320 and 0 <= y <= 200 for line in drawn.lines for x, y, _ in line.dots)
    assert len({line.glass for line in drawn.lines}) == 5


def test_money_alone_is_told_without_a_plane():
    told = plans_told(plans(kinds=(("money", 500.0),)), POUNDS)
    assert told.plane is None
    assert plain(told.rows[0].budget) == "500 to spend"


@pytest.mark.parametrize("nothing", [None, {}, {"points": []}])
def test_nothing_tried_is_nothing_told(nothing):
    assert plans_told(nothing, POUNDS) is None


def test_the_page_of_a_proof_shows_the_plans_only_where_there_are_some():
    with_plans = proved(outcomes=[outcome("spend", "money") | {"plans": plans()}])
    html = proof_page(with_plans)
    assert "Plans at several budgets" in html
    assert html.count("<svg") == proof_page(proved(outcomes=[outcome("spend", "money")])).count("<svg") + 1
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html)
    assert "Plans at several budgets" not in proof_page(proved())
    assert tell_proof(proved()).outcomes[0].plans is None


def test_names_of_columns_are_text_on_the_page():
    odd = plans() | {"columns": {"value": "<b>history</b>"}}
    html = proof_page(proved(outcomes=[outcome("spend", "money") | {"plans": odd}]))
    assert "<b>history</b>" not in html
