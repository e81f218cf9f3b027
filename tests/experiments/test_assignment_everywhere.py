"""One assignment, told four ways: all at once, one by one, by SQL, live; the last two from the rule in the language."""

import pyarrow as pa
import pytest
from assignment_worlds import SOME, WHERE, experiments
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments.assignment import Arm, Experiment, Stratum, assign, assign_one, rule_of, trait_of
from smalti.facts import Currency, Type
from smalti.rules import Customer, Vocabulary, answer_query, check, meaning, parse
from smalti.rules.step import Step
from smalti.store import Store

WORDS = Vocabulary({}, {"where": Type.TEXT, "live in": Type.TEXT}, Currency("GBP"))
NAMES = pa.schema([("customer_id", pa.string()), ("where", pa.string())])


@pytest.fixture(scope="module")
def store():
    with Store(threads=1) as store:
        store.put("people", pa.table({"customer_id": SOME, "where": WHERE}, NAMES))
        yield store


def ready(text: str, wanted: Type):
    checked = check(parse(text), WORDS, wanted=wanted)
    assert checked.problems == ()
    return checked.node


@settings(max_examples=8, deadline=None)
@given(one=experiments(), data=st.data())
def test_the_rule_is_the_assignment_in_every_reading(one, data, store):
    found = assign(one, SOME, WHERE)
    by = '"where"'
    rules = {arm: ready(rule_of(one, arm, by), Type.BOOLEAN) for arm in one.arm_names}
    asked = rules | {"the arm": ready(trait_of(one, by), Type.TEXT)}
    query = answer_query("people", {"where": Type.TEXT}, asked, 0, {}, store.dialect)
    told = {row["customer_id"]: row for row in store.read(query).to_pylist()}
    step = Step({}, rules, {}, {})
    some = data.draw(st.lists(st.sampled_from(range(len(SOME))), min_size=5, max_size=20, unique=True))
    for place, (customer, stratum) in enumerate(zip(SOME, WHERE, strict=True)):
        arm = None if found.arm[place] < 0 else found.arms[found.arm[place]]
        assert told[customer]["the arm"] == arm
        assert {name: told[customer][name] for name in rules} == {name: name == arm for name in rules}
        if place in some:
            her = step.empty(customer)
            step.on_time(her, 0)
            if step.scores:
                step.set_score(her, "where", stratum, 0)
            assert step.answers(her) == {name: name == arm for name in rules}
            assert step.wake_at(her) is None
            law = Customer({}, scores={"where": stratum}, customer_id=customer)
            assert {name: meaning(rule, law, 0) for name, rule in rules.items()} == {
                name: name == arm for name in rules
            }
            assert assign_one(one, customer, stratum)[0] == arm


def test_a_rule_of_fitted_strata_must_say_of_what():
    fitted = Experiment("x", (Arm("none"), Arm("mail")), strata=(Stratum("FR", (0.4,)),))
    with pytest.raises(ModelError, match="found fitted strata, wanted what they are strata of"):
        rule_of(fitted, "mail")
    with pytest.raises(ModelError, match="did you mean 'mail'"):
        rule_of(fitted, "male", "country")
    told = "case when country = 'FR' then bucket('x') < 0.4 else bucket('x') < 0.5 end"
    assert rule_of(fitted, "none", "country") == told


def test_an_arm_that_a_stratum_has_nobody_in_is_false_there():
    fitted = Experiment("x", (Arm("none"), Arm("mail")), strata=(Stratum("FR", (0.0,)),))
    assert rule_of(fitted, "none", "c") == "case when c = 'FR' then false else bucket('x') < 0.5 end"
    assert rule_of(fitted, "mail", "c") == "case when c = 'FR' then true else bucket('x') >= 0.5 end"
