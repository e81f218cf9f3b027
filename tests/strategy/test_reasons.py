"""Reasons in numbers: each sentence says what is true of the customer it is said to."""

from dataclasses import replace

import numpy as np
import pytest

from smalti.facts import Currency, Type
from smalti.strategy import (
    DO_NOT_TARGET,
    LEAVE_ALONE,
    PLAYBOOK,
    VALUE_COLUMNS,
    Match,
    Option,
    match,
    placeholders,
    reasons,
    why_not,
)
from smalti.strategy.reasons import fill, say_column
from smalti.traits import TITLES

GBP = Currency("GBP")


@pytest.mark.parametrize("name", sorted(PLAYBOOK))
def test_every_reason_speaks_of_what_is_known(name):
    wanted = placeholders(PLAYBOOK[name].because)
    assert wanted
    assert set(wanted) <= VALUE_COLUMNS.keys() | TITLES.keys() | {"horizon"}


@pytest.mark.parametrize(
    ("name", "kind", "values", "said"),
    [
        ("spend", Type.MONEY, [123_456, -50, 0.4, np.nan], ["£1,234.56", "-£0.50", "£0.00", "unknown"]),
        ("p_alive", Type.NUMBER, [0.384, 1.0, np.nan], ["38 %", "100 %", "unknown"]),
        ("days_since_order", Type.NUMBER, [12.99, 1500.0], ["12", "1,500"]),
        ("orders_total", Type.INTEGER, [3.0, 1e6], ["3", "1,000,000"]),
        ("expected_orders", Type.NUMBER, [2.345, 0.04], ["2.3", "0.0"]),
        ("anything", Type.NUMBER, [], []),
    ],
)
def test_a_value_is_said_as_its_kind_is(name, kind, values, said):
    assert say_column(name, np.array(values, dtype=float), kind, GBP).to_pylist() == said


def test_a_template_is_filled_for_the_customers_asked_for_and_no_others():
    columns = {"p_alive": np.array([0.1, 0.2, 0.3]), "gap": np.array([100.0, 200.0, np.nan])}
    kinds = {"p_alive": Type.NUMBER, "gap": Type.MONEY}
    rows = np.array([2, 0])
    found = fill("{gap} more; {p_alive} likely, {gap}", columns, kinds, GBP, rows)
    assert found.to_pylist() == ["unknown more; 30 % likely, unknown", "£1.00 more; 10 % likely, £1.00"]


@pytest.mark.parametrize(
    ("template", "said"), [("because we say so", "because we say so"), ("", ""), ("{gap}", "£1.00")]
)
def test_a_template_may_be_plain_or_empty(template, said):
    columns, kinds = {"gap": np.array([100.0])}, {"gap": Type.MONEY}
    assert fill(template, columns, kinds, GBP, np.array([0])).to_pylist() == [said]


def option(name, gains, spread=10.0):
    gain = np.array(gains, dtype=float)
    return Option(
        name, PLAYBOOK[name], np.ones(len(gain), dtype=bool), gain, gain - spread, gain + spread, 0 * gain, 0, "assumed"
    )


def in_a_year(one):
    because = one.definition.because.replace("{horizon}", "a year")
    return replace(one, definition=one.definition.model_copy(update={"because": because}))


def test_each_customer_is_told_the_reason_for_her_own_strategy():
    options = [option("up_sell", [0, 0, 0]), option("cross_sell", [0, 0, 0])]
    columns = {
        "expected_order_value": np.array([100.0, 200.0, 300.0]),
        "basket_gap": np.array([1000.0, 2000.0, 3000.0]),
        "cross_sell_gap": np.array([11.0, 22.0, 33.0]),
    }
    kinds = dict.fromkeys(columns, Type.MONEY)
    options = [in_a_year(one) for one in options]
    told = reasons(options, np.array([1, 0, 1]), columns, kinds, GBP).to_pylist()
    assert told[0].endswith("is expected to bring £0.11 in a year")
    assert told[1].startswith("£2.00 expected on a day with an order")
    assert told[1].endswith("would add £20.00")
    assert told[2].endswith("is expected to bring £0.33 in a year")


def told(options, found=None):
    primary, secondary = why_not(options, found or match(options), GBP)
    return primary.to_pylist(), secondary.to_pylist()


def test_why_not_the_next():
    options = [
        option("retain", [1000.0]), option("develop", [700.0]), option(LEAVE_ALONE, [0.0]), option(DO_NOT_TARGET, [-20.0]),
    ]  # fmt: skip
    primary, secondary = told(options)
    assert primary == ["not Develop: £7.00 expected, £3.00 less"]
    assert secondary == ["not Leave alone: £0.00 expected, £7.00 less"]


def test_why_not_says_when_doubt_could_turn_the_order():
    options = [
        option("retain", [1000.0], 400.0), option("develop", [700.0], 400.0), option(LEAVE_ALONE, [0.0]),
        option(DO_NOT_TARGET, [-20.0]),
    ]  # fmt: skip
    assert told(options)[0] == ["not Develop: £7.00 expected, £3.00 less, within the doubt of both"]


def test_why_not_the_better_one_that_works_as_the_primary_does():
    options = [
        option("retain", [1000.0]), option("win_back", [900.0]), option("develop", [200.0]), option(LEAVE_ALONE, [0.0]),
        option(DO_NOT_TARGET, [0.0]),
    ]  # fmt: skip
    primary, secondary = told(options)
    assert primary == ["not Win back: £9.00 expected, £1.00 less"]
    assert secondary == ["not Win back: £9.00 expected, £7.00 more, but by the same mechanism as the primary"]


def test_where_nothing_else_is_possible_it_is_said():
    options = [option(LEAVE_ALONE, [0.0, 0.0], 0.0), option(DO_NOT_TARGET, [5.0, -5.0], 1.0)]
    primary, secondary = told(options)
    assert primary == ["not Leave alone: £0.00 expected, £0.05 less", "not Do not target: -£0.05 expected, £0.05 less"]
    assert secondary == ["nothing else is possible for this customer"] * 2
    alone = Match(np.array([0]), np.array([1]), np.array([-1]))
    assert told([option(LEAVE_ALONE, [0.0]), option(DO_NOT_TARGET, [0.0])], alone)[1] == [
        "nothing else is possible for this customer"
    ]


@pytest.mark.parametrize(
    ("hers", "rivals", "close"), [(400.0, 400.0, True), (400.0, 100.0, False), (100.0, 400.0, False)]
)
def test_the_doubt_is_of_both_only_if_each_reaches_the_other(hers, rivals, close):
    options = [
        option("retain", [1000.0], hers), option("develop", [700.0], rivals), option(LEAVE_ALONE, [0.0], 0.0),
        option(DO_NOT_TARGET, [-20.0], 0.0),
    ]  # fmt: skip
    assert told(options)[0][0].endswith("within the doubt of both") is close
