"""What a run keeps of its definitions is enough to have them back, whatever they say."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import RunError
from smalti.facts import CUSTOMERS, ORDERS
from smalti.project import Project, prepare, restored, said

STREAMS = {"orders": ORDERS, "customers": CUSTOMERS}
NAMES = st.sampled_from(["one", "two", "Three", "a b", "größer"])
AMOUNTS = st.one_of(
    st.decimals(0, 1000, places=2).map(str),
    st.floats(0, 50, allow_nan=False).map(lambda share: f"{share:.10f} %"),
    st.integers(0, 99),
)
SHARES = st.floats(0, 1, allow_nan=False)
TEXTS = st.text(max_size=12)


def settings_of(required=None, **optional):
    return st.fixed_dictionaries(required or {}, optional=optional)


def named(of):
    return st.dictionaries(NAMES, of, max_size=3)


PROJECTS = settings_of(
    name=st.text(min_size=1, max_size=8),
    currency=st.sampled_from(["GBP", "EUR", "JPY", "XXX"]),
    time_zone=st.sampled_from(["UTC", "Europe/London"]),
    account=st.sampled_from(["company", None]),
    use=st.one_of(
        st.none(),
        st.just([]),
        st.just(["rfm", "lifecycle"]),
        st.builds(lambda bands: {"rfm": {"bands": bands}, "value_tiers": {}}, st.integers(3, 10)),
    ),
    sources=named(
        settings_of(
            {"from": st.one_of(st.just("o.csv"), st.just(["a*.csv", "b.csv"]))},
            columns=st.dictionaries(NAMES, TEXTS, max_size=2),
            names=st.lists(TEXTS, max_size=2),
            header=st.booleans(),
            decimal=st.sampled_from([".", ","]),
        )
    ),
    traits=named(st.one_of(st.just("count(orders)"), settings_of({"value": st.just("1 + 1")}, title=TEXTS))),
    segments=named(
        st.one_of(
            st.just("true"),
            settings_of({"who": TEXTS}, title=TEXTS, why=TEXTS, channels=st.lists(NAMES, max_size=2)),
        )
    ),
    segmentations=named(
        st.sampled_from(
            [
                {"title": "By hand"},
                {"cross": ["a", "b"], "at_least": 0.02},
                {"cross": ["a", "b"]},
                {"split": "a", "by": ["b"], "outcome": "c", "at_least": 200, "depth": 3},
                {"group": ["a"], "into": 4},
                {"group": ["a"], "into": [2, 8]},
            ]
        )
    ),
    channels=named(
        st.sampled_from([{"address": "email", "consent": "true"}, {"address": "post", "basis": "a contract"}])
    ),
    playbook=st.dictionaries(
        st.sampled_from(["retain", "win_back", "reward"]),
        settings_of(cost=AMOUNTS, success=SHARES, title=TEXTS, off=st.booleans()),
        max_size=2,
    ),
    assumptions=settings_of(
        margin_rate=SHARES,
        cost_per_order=AMOUNTS,
        contacts_per_year=st.integers(0, 52),
        channel_costs=st.dictionaries(NAMES, AMOUNTS, max_size=2),
    ),
    seed=st.integers(0, 9),
)


def kept(project):
    return json.loads(json.dumps(project.model_dump(mode="json")))


@settings(max_examples=150, deadline=None)
@given(PROJECTS)
def test_a_project_comes_back_as_it_was(written):
    project = Project.model_validate(written)
    again = restored(kept(project))
    assert again == project
    assert hash(again) == hash(project)
    assert kept(again) == kept(project)


def test_a_change_of_a_strategy_changes_what_it_named_and_no_more():
    project = Project(
        sources={"orders": {"from": "o.csv"}}, playbook={"retain": {"cost": "2.5 %"}, "win_back": {"off": True}}
    )
    again = restored(kept(project))
    strategies = {one.name: one.definition for one in prepare(again, STREAMS).strategies}
    assert strategies == {one.name: one.definition for one in prepare(project, STREAMS).strategies}
    assert strategies["retain"].title == "Retain"
    assert "win_back" not in strategies


def test_what_is_older_than_a_setting_is_at_its_default():
    project = Project(name="Shop", traits={"n": "count(orders)"}, use=["rfm"])
    old = kept(project)
    for newer in ("seed", "account", "segmentations", "channels"):
        del old[newer]
    old["use"] = ["rfm"]
    assert restored(old) == project


def test_what_is_said_leaves_defaults_out():
    assert said(kept(Project(name="Shop", segments={"a": "true"}))) == {
        "name": "Shop",
        "segments": {"a": {"who": "true"}},
    }
    assert said(kept(Project())) == {}


@pytest.mark.parametrize(
    ("definitions", "told"),
    [
        (None, "run r does not hold the definitions it was made from"),
        ([], "run r does not hold the definitions it was made from"),
        ({"nmae": "x"}, "run r holds definitions that this version of smalti cannot read: nmae"),
        ({"use": ["no such framework"]}, "run r holds definitions that this version of smalti cannot read: use"),
    ],
)
def test_what_cannot_be_understood_is_said(definitions, told):
    with pytest.raises(RunError) as raised:
        restored(definitions, "run r")
    assert told in str(raised.value)
