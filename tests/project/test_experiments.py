"""Experiments of a project as they are written, checked as a whole, and kept."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator

from smalti.errors import DefinitionError
from smalti.experiments.assignment import Experiment, HoldOut, Layer
from smalti.facts import CUSTOMERS, DAY, ORDERS, Column, Stream, Type, parse_instant
from smalti.project import Project, parse_project, prepare, project_schema, restored
from smalti.strategy import Amount

STREAMS = {"orders": ORDERS, "customers": Stream(CUSTOMERS.name, (Column("country", Type.TEXT),))}
WHOLE = """
name: Shop
time_zone: Europe/London
sources: {orders: {from: o.csv}, customers: {from: c.csv}}
hold_out: {share: 5 %, treatments: {mail: 0.02}}
scores:
  mail_effect: {effect: spring, arm: mail}
  spent_more: {effect: spring, outcome: spent}
segments:
  worth_a_mail: mail_effect > 0.1
experiments:
  spring:
    title: Spring mail
    why: Does it pay?
    who: purchase_days >= 1
    arms: {none: 1, mail: {weight: 3, cost: 0.50}}
    control: none
    outcome: {bought: purchase, spent: spend}
    worth: 30 %
    within: 2 weeks
    from: 2026-06-01
    until: 2026-07-01
    share: 20 %
    layer: {name: mails, to: 50 %}
    strata: lifecycle
    strategy: win_back
    against: [rfm, lifecycle]
    covariate: spend_365d
    outliers: {quantile: 0.999}
    level: 0.9
  later:
    who: member(worth_a_mail)
    arms: {a: , b: , c: 2}
    control: a
    outcome: sum(orders.revenue) - sum(orders.cost)
    within: 30 days
    layer: {name: mails, from: 50 %}
"""


def prepared(text: str):
    project, origin = parse_project(text, "smalti.yml")
    return prepare(project, STREAMS, origin)


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as found:
        prepared(text)
    return [str(one) for one in found.value.problems]


def changed(**settings) -> str:
    """The project with other settings of its first experiment; None leaves one out."""
    data = yaml.safe_load(WHOLE)
    data["experiments"]["spring"] |= settings
    data["experiments"]["spring"] = {
        name: one for name, one in data["experiments"]["spring"].items() if one is not None
    }
    return yaml.safe_dump(data, sort_keys=False)


def test_everything_that_is_written_is_made_ready():
    spring, later, together = prepared(WHOLE).experiments
    assert spring.design == Experiment(
        "spring",
        spring.design.arms,
        "none",
        "spring",
        0.2,
        Layer("mails", 0, 0.5),
        (HoldOut(0.05, "hold_out"), HoldOut(0.02, "hold_out of mail", "mail")),
    )
    assert spring.design.weights == (0.25, 0.75)
    assert [(one.name, one.kind, one.word) for one in spring.outcomes] == [
        ("bought", Type.BOOLEAN, "purchase"),
        ("spent", Type.MONEY, "spend"),
    ]
    assert spring.definition.window == 14 * DAY
    assert spring.start == parse_instant("2026-06-01", "Europe/London")
    assert spring.strategies == {"win_back": "mail"}
    assert dict(spring.definition.arms)["mail"].cost == Amount.read("0.50")
    assert "country" not in spring.inputs
    assert "country" in spring.undated
    assert later.arms == ("a", "b", "c")
    assert later.title == "Later"
    assert later.start is None
    assert (together.name, together.arms, together.proves) == ("hold_out", ("nothing", "everything"), False)
    assert together.start == spring.start
    assert together.definition.window == 90 * DAY


def held(**settings) -> str:
    """The project with other settings of its hold-out."""
    data = yaml.safe_load(WHOLE)
    data["hold_out"] |= settings
    return yaml.safe_dump(data, sort_keys=False)


def test_the_hold_out_is_an_experiment_of_its_own():
    settings = {
        "from": "2026-05-01",
        "within": "1 week",
        "outcome": "purchase",
        "covariate": "spend_365d",
        "salt": "no",
    }
    together = prepared(held(**settings)).experiments[-1]
    assert together.start == parse_instant("2026-05-01", "Europe/London")
    assert [one.name for one in together.outcomes] == ["outcome"]
    assert together.salt == "no"
    assert together.design.weights[0] == 0.05
    assert together.design.hold_outs == ()
    assert prepared(held(share=0)).experiments[-1].name == "later"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"outcome": "purchas"}, "hold_out: unknown outcome: found 'purchas', wanted purchase, spend"),
        ({"covariate": "spend_365"}, "hold_out: unknown trait: found 'spend_365'"),
    ],
)
def test_what_the_hold_out_speaks_of_must_be_there(settings, told):
    found = problems(held(**settings))
    assert any(told in one for one in found), found
    assert all(one.startswith("smalti.yml:") for one in found), found


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"within": "2 months"}, "did you mean '60 days'?"),
        ({"from": "soon"}, "not an instant"),
        ({"sal": "x"}, "'sal'"),
    ],
)
def test_settings_of_the_hold_out_that_are_wrong_have_their_line(settings, told):
    with pytest.raises(DefinitionError) as found:
        parse_project(held(**settings), "smalti.yml")
    assert any(told in str(one) for one in found.value.problems), found.value
    assert all(one.line for one in found.value.problems)


def test_no_experiment_may_have_the_name_of_the_hold_out():
    data = yaml.safe_load(held(salt="other"))
    data["experiments"]["hold_out"] = data["experiments"].pop("later")
    assert any("the hold-out of everything has this name" in one for one in problems(yaml.safe_dump(data)))


def test_a_hold_out_without_experiments_is_one_once_it_is_said_since_when():
    bare = "sources: {orders: {from: o.csv}}\nhold_out: {share: 5 %, from: 2026-01-01}"
    assert [one.name for one in prepared(bare).experiments] == ["hold_out"]
    assert prepared(bare.replace(", from: 2026-01-01", "")).experiments == ()


def test_what_rests_on_attributes_without_a_date_is_told():
    asked = {"who": "country = 'FR' and purchase_days >= 1", "strata": "country", "traits": ["country", "spend_365d"]}
    spring = prepared(changed(**asked)).experiments[0]
    assert spring.hindsight == {"who takes part": ("country",), "country": ("country",)}
    assert prepared(WHOLE).experiments[0].hindsight == {}
    lasting = changed(**asked) + "quality: {lasting: [country]}"
    assert prepared(lasting).experiments[0].hindsight == {}


def test_effects_are_scores_of_the_type_of_their_outcome():
    types = prepared(WHOLE).score_types
    assert types["mail_effect"] is Type.NUMBER
    assert types["spent_more"] is Type.MONEY


def test_without_a_rule_those_take_part_for_whom_the_strategy_may_be_chosen():
    ready = prepared(changed(who=None))
    eligible = {one.name: one.eligible for one in ready.strategies}
    assert ready.experiments[0].who == eligible["win_back"]
    assert prepared(changed(who=None, strategy=None)).experiments[0].who is None


def test_a_project_with_experiments_comes_back_from_its_own_run():
    project, _ = parse_project(WHOLE, "smalti.yml")
    assert restored(project.model_dump(mode="json")) == project
    assert hash(project) == hash(project.model_copy())


def test_the_schema_takes_what_loads():
    validator = Draft202012Validator(project_schema())
    data = yaml.safe_load(
        WHOLE.replace("from: 2026-06-01", "from: '2026-06-01'").replace("until: 2026-07-01", "until: '2026-07-01'")
    )
    assert list(validator.iter_errors(data)) == []
    data["hold_out"] |= {"outcome": "spend", "within": "60 days", "from": "2026-01-01"}
    assert list(validator.iter_errors(data)) == []
    for wrong in ({"arms": ["a"]}, {"outcome": 3}, {"within": None, "nonsense": 1}, {"layer": 3}, {"share": "half"}):
        bad = yaml.safe_load(changed()) | {}
        bad["experiments"]["spring"] |= wrong
        assert list(validator.iter_errors(bad)), wrong


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"control": "non"}, "unknown arm for control: found 'non', wanted one of none, mail; did you mean 'none'?"),
        ({"arms": {"none": 1}}, "nothing to compare: found 1 arm"),
        ({"arms": {"none": 0, "mail": 1}}, "greater than 0"),
        (
            {"arms": {"none": {"wieght": 1}, "mail": 1}},
            "unknown setting: found 'wieght', wanted one of weight, cost, title, strategy",
        ),
        ({"layer": {"nam": "x"}}, "unknown setting: found 'nam', wanted one of name, from, to"),
        ({"outliers": {}}, "outliers: wanted either cap: or quantile:"),
        ({"within": "2 months"}, "did you mean '60 days'?"),
        ({"within": "0 days"}, "an experiment about no time at all"),
        ({"from": "2026-13-01"}, "not an instant: found '2026-13-01'"),
        ({"from": "2026-08-01"}, "it ends before it starts: found from 2026-08-01 until 2026-07-01"),
        ({"layer": {"name": "mails", "from": 0.5, "to": 0.2}}, "no part of the layer"),
        ({"outcome": {}}, "nothing is measured"),
        ({"share": "120 %"}, "less than or equal to 1"),
        ({"outcom": "purchase"}, "unknown setting: found 'outcom'"),
    ],
)
def test_settings_that_are_wrong_have_their_line(settings, told):
    with pytest.raises(DefinitionError) as found:
        parse_project(changed(**settings), "smalti.yml")
    assert any(told in str(one) for one in found.value.problems), found.value
    assert all(one.line for one in found.value.problems)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"who": "spend_365 > 3"}, "unknown name: found 'spend_365'"),
        ({"who": "spend_365d"}, "experiment spring"),
        ({"who": "mail_effect > 0"}, "who takes part rests on what the experiment itself will show"),
        ({"who": "member(worth_a_mail)"}, "who takes part rests on what the experiment itself will show"),
        ({"outcome": "purchas"}, "unknown outcome: found 'purchas', wanted purchase, spend"),
        ({"outcome": "spend_365d > 3"}, "an outcome that names a trait"),
        ({"outcome": "count(orders, last 3 days) > 0"}, "an outcome with a window of its own"),
        ({"outcome": "country = 'FR'"}, "an outcome that does not lie ahead"),
        ({"outcome": "spend"}, "an outcome that is no success: found 'spend'"),
        ({"worth": None}, "a cost that cannot be held against the outcome: found 'mail'"),
        ({"strategy": "winback"}, "unknown strategy: found 'winback'"),
        ({"strategy": "leave_alone"}, "a strategy that is no treatment"),
        ({"against": ["rmf"]}, "unknown segmentation: found 'rmf'"),
        ({"covariate": "spend_365"}, "unknown trait: found 'spend_365'"),
        ({"covariate": "favourite_category"}, "not a number: found 'favourite_category (text)'"),
        ({"strata": "lifecycl"}, "unknown segmentation or trait: found 'lifecycl'"),
        ({"strata": "spend_365d"}, "not groups: found 'spend_365d (money)'"),
        ({"traits": ["spend_365"]}, "unknown trait: found 'spend_365'"),
        ({"layer": "mails"}, "experiments of one layer would meet"),
        ({"salt": "later"}, "experiment spring draws with this salt"),
        ({"salt": "mails"}, "found the salt 'mails' twice"),
        ({"arms": {"none": 1, "mail": 1, "call": 1}}, "which arm tries the strategy is not clear"),
        ({"arms": {"none": 1, "letter": 1}}, "unknown treatment: found 'mail'"),
        ({"arms": {"none": 1, "letter": 1}}, "unknown arm: found 'mail', wanted one of letter, held against none"),
    ],
)
def test_what_an_experiment_speaks_of_must_be_there(settings, told):
    found = problems(changed(**settings))
    assert any(told in one for one in found), found
    assert all(one.startswith("smalti.yml:") for one in found), found


def test_all_problems_are_told_at_once():
    found = problems(changed(who="spend_365 > 1", against=["rmf"], covariate="x", strategy="winback"))
    assert len(found) == 4


def test_a_word_may_not_be_the_worth_of_what_is_money():
    data = yaml.safe_load(WHOLE)
    data["experiments"]["later"] |= {"worth": 3}
    assert any("the worth of what is money already" in one for one in problems(yaml.safe_dump(data)))


def test_two_experiments_do_not_measure_one_strategy():
    data = yaml.safe_load(WHOLE)
    data["experiments"]["later"] |= {"outcome": "purchase", "arms": {"a": 1, "b": {"strategy": "win_back"}}}
    found = problems(yaml.safe_dump(data, sort_keys=False))
    assert any("experiment spring measures this strategy already" in one for one in found)


def test_a_project_without_experiments_has_none():
    project = Project(sources={"orders": {"from": "o.csv"}})
    assert prepare(project, {"orders": ORDERS}).experiments == ()
    assert project.hold_out is None


@pytest.mark.parametrize("written", ["5 %", 0.05, {"share": "5 %"}])
def test_a_hold_out_may_be_its_share(written):
    assert Project(hold_out=written).hold_out.share == 0.05


def test_not_everybody_can_be_held_out():
    with pytest.raises(DefinitionError, match="everybody is held out"):
        parse_project("hold_out: 100 %", "smalti.yml")
