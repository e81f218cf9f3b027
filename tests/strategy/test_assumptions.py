"""What is taken for granted: how amounts are written, and that each assumption says who made it."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from smalti.facts import Currency
from smalti.strategy import BY_DEFAULT, BY_PROJECT, Amount, Assumptions

GBP = Currency("GBP")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("2 %", Amount(share=0.02)),
        ("2%", Amount(share=0.02)),
        (" 0.02 % ", Amount(share=0.0002)),
        ("0 %", Amount(share=0.0)),
        ("0.50", Amount(fixed=Decimal("0.50"))),
        (3, Amount(fixed=Decimal(3))),
        (0.1, Amount(fixed=Decimal("0.1"))),
        (Decimal("1.25"), Amount(fixed=Decimal("1.25"))),
        (Amount(share=0.5), Amount(share=0.5)),
    ],
)
def test_an_amount_is_money_or_a_share_of_the_average_order(written, amount):
    assert Amount.read(written) == amount
    assert Amount.read(str(amount)) == amount


@pytest.mark.parametrize(
    "written", ["", "two", "-1", -0.5, "£2", "2 percent", "1,50", "%", ".5", True, None, float("nan"), [1]]
)
def test_what_is_no_amount_is_refused_with_what_was_wanted(written):
    with pytest.raises(ValueError, match=r"wanted an amount such as 0\.50, or a share") as error:
        Amount.read(written)
    assert f"found '{str(written).strip()}'" in str(error.value)


def test_amounts_become_minor_units_of_the_currency():
    assert Amount.read("3 %").minor(GBP, 4567.0) == 137
    assert Amount.read("0.5").minor(GBP, 4567.0) == 50
    assert Amount.read("120").minor(Currency("JPY"), 1.0) == 120
    assert Amount.read("0.0125").minor(Currency("KWD"), 1.0) == 12


def test_a_part_of_a_penny_counts_where_it_is_multiplied():
    assert Amount.read("0.02 %").minor(GBP, 2000.0) == 0
    assert Amount.read("0.02 %").exact(GBP, 2000.0) == pytest.approx(0.4)
    assert Amount.read("0.004").exact(GBP, 0.0) == pytest.approx(0.4)


def test_a_share_is_told_with_the_money_it_comes_to():
    assert Amount.read("3 %").told(GBP, 5000.0) == "£1.50 (3 % of the average order)"
    assert Amount.read("1.50").told(GBP, 5000.0) == "£1.50"


def test_every_assumption_is_listed_with_value_and_author():
    assumed = Assumptions(margin_rate=0.45, channel_costs={"web": "0.20", "phone": "5 %"}, horizon_days=180)
    rows = {row["name"]: row for row in assumed.listed(GBP, 5000.0)}
    assert list(rows) == list(Assumptions.model_fields)
    assert all(row["about"] for row in rows.values())
    assert rows["margin_rate"] == {
        "name": "margin_rate",
        "value": "45 %",
        "about": "margin earned on what is sold, where no cost of goods is given",
        "by": BY_PROJECT,
    }
    assert rows["channel_costs"]["value"] == "web £0.20, phone £2.50 (5 % of the average order)"
    assert rows["horizon_days"]["value"] == "180"
    assert (rows["discount_rate"]["value"], rows["discount_rate"]["by"]) == ("10 %", BY_DEFAULT)
    assert Assumptions().listed(GBP, 1.0)[3]["value"] == "none given"


def test_saying_the_default_aloud_makes_it_the_projects_own():
    assert Assumptions(margin_rate=0.3).by("margin_rate") == BY_PROJECT


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin_rate": 30},
        {"margin_rate": -0.1},
        {"horizon_days": 0},
        {"contact_per_year": 3},
        {"cost_per_order": "dear"},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Assumptions.model_validate(wrong)


def test_assumptions_are_values():
    one, two = (Assumptions(channel_costs={"web": "0.20"}) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
