"""The whole project against the facts there are: all errors at once, each where it is written, or everything made ready."""

from __future__ import annotations

import textwrap

import pytest

from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, ORDERS, RETURNS, Column, Stream, Type
from smalti.project import FILE_NAME, Project, after_facts, before_facts, parse_project, prepare

THREE_COLUMNS = Stream("orders", tuple(ORDERS[name] for name in ("day", "revenue")))
PEOPLE = Stream("customers", (Column("country", Type.TEXT), Column("age", Type.INTEGER), Column("born", Type.INSTANT)))
SHOP = {"orders": THREE_COLUMNS, "returns": RETURNS}
SOURCES = "sources: {orders: {from: o.csv}}\n"


def ready(text: str, streams=SHOP):
    project, origin = parse_project(SOURCES + textwrap.dedent(text), FILE_NAME)
    return prepare(project, streams, origin)


def problems(text: str, streams=SHOP) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        ready(text, streams)
    return [str(problem) for problem in caught.value.problems]


def people(*names: str, kind: Type = Type.NUMBER) -> dict[str, Stream]:
    return SHOP | {"customers": Stream(CUSTOMERS.name, tuple(Column(name, kind) for name in names))}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("traits: {a: count(ordrs)}", "smalti.yml:2:13: trait a: unknown stream: found 'ordrs', wanted one of orders"),
        ("traits: {a: count(ordrs)}", "did you mean 'orders'?"),
        ("traits: {a: sum(orders.revenu)}", "unknown column of orders: found 'revenu'"),
        ("traits: {a: sum(orders.revenu)}", "did you mean 'revenue'?"),
        ("traits: {a: 1 + spend_totl}", "smalti.yml:2:17: trait a: unknown name: found 'spend_totl'"),
        ("traits: {a: 1 + spend_totl}", "did you mean 'spend_total'?"),
        ("traits: {a: 'orders_total + nope'}", "smalti.yml:2:29: trait a: unknown name: found 'nope'"),
        ("traits:\n  a: |\n    orders_total +\n      nope\n", "smalti.yml:5:7: trait a: unknown name: found 'nope'"),
        ("traits:\n  a: >\n    orders_total\n    + nope\n", "smalti.yml:5:7: trait a: unknown name: found 'nope'"),
        ("traits:\n  a:\n    title: A\n    value: 1 + nope\n", "smalti.yml:5:16: trait a: unknown name: found 'nope'"),
        ("traits: {a: orders_total +}", "smalti.yml:2:"),
        ("traits: {a: spend_total > 'much'}", "smalti.yml:2:13: trait a: a comparison of different types"),
        (
            "traits: {a: value_now + 1}",
            "the value map is reckoned from the traits, so use it in segments and strategies",
        ),
        (
            "traits: {value_now: orders_total}",
            "smalti.yml:2:10: trait: a column of the value map has this name: found 'value_now'",
        ),
        ("traits: {customer_id: orders_total}", "a column of every run has this name: found 'customer_id'"),
        ("traits: {primary_gain: orders_total}", "a column of every run has this name: found 'primary_gain'"),
        (
            "traits: {Spend_Total: orders_total}",
            "a standard trait has this name but for its case: found 'Spend_Total', wanted 'spend_total'",
        ),
        ("traits: {RFM_recency: orders_total}", "a trait of rfm has this name but for its case"),
        ("traits: {big: orders_total, Big: orders_total}", "has this name but for its case: found 'Big'"),
        ("traits: {'': orders_total}", "smalti.yml:2:10: trait: a name is empty"),
        ("segments: {a: spend_total}", "smalti.yml:2:15: segment a: wrong type: found 'money'"),
        ("segments: {a: spend_totl > 1}", "did you mean 'spend_total'?"),
        (
            "segments: {gold: orders_total > 1}",
            "smalti.yml:2:12: segment: a segment of value_tiers has this name: found 'gold'",
        ),
        ("segments: {Gold: orders_total > 1}", "a segment of value_tiers has this name: found 'Gold'"),
        ("segments: {customer_id: orders_total > 1}", "a column of every run has this name: found 'customer_id'"),
        (
            "segments:\n  a: {who: orders_total > 1, strategy: winback}",
            "smalti.yml:3:40: segment a: unknown strategy: found 'winback'",
        ),
        ("segments:\n  a: {who: orders_total > 1, strategy: winback}", "did you mean 'win_back'?"),
        ("playbook: {leave_alone: {off: true}}", "smalti.yml:2:12: strategy: cannot be left out: found 'leave_alone'"),
        ("playbook: {do_not_target: {off: true}}", "cannot be left out: found 'do_not_target'"),
        ("playbook: {winback: {off: true}}", "unknown strategy: found 'winback'"),
        (
            "playbook: {Retain: {off: true}}",
            "a strategy of the playbook has this name but for its case: found 'Retain'",
        ),
        (
            "playbook: {ring: {title: Ring, success: 0.1}}",
            "a new strategy that is not whole: found 'ring', wanted also mechanism, eligible, headroom and because",
        ),
        ("playbook: {retian: {cost: 1}}", "did you mean 'retain'?"),
        ("playbook: {retain: {eligible: nope > 1}}", "smalti.yml:2:31: strategy retain: unknown name: found 'nope'"),
        ("playbook: {retain: {eligible: spend_total}}", "strategy retain: wrong type: found 'money'"),
        ("playbook: {retain: {headroom: orders_total > 1}}", "strategy retain: wrong type"),
        ("playbook: {retain: {because: 'for {spend_totl}'}}", "unknown name in a reason: found 'spend_totl'"),
        ("playbook: {retain: {because: 'for {spend_totl}'}}", "did you mean 'spend_total'?"),
        (
            "playbook: {retain: {because: 'since {last_order_at}'}}",
            "a reason tells numbers and money only: found 'last_order_at, instant'",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text, told):
    assert any(told in line for line in problems(text)), problems(text)


def test_mistakes_of_all_sections_are_told_at_once_in_the_order_of_the_file():
    found = problems(
        """
        use: [rfm]
        traits:
          a: count(ordrs)
          b: nope + 1
        segments:
          lost: orders_total > 1
          c: {who: spend_total, strategy: winback}
        playbook:
          leave_alone: {off: true}
          retain: {eligible: nope2 > 1}
        """
    )
    places = [line.split(": ")[0].split(":")[1] for line in found]
    assert places == sorted(places, key=int)
    assert len(found) == 7


def test_what_stands_on_a_broken_trait_is_not_blamed_for_it():
    assert len(problems("traits: {a: nope, b: a + 1, c: b + 1}\nsegments: {d: a > 1, e: c > 1}")) == 1


def test_every_trait_of_a_circle_is_named_and_no_other():
    found = problems("traits: {a: b + 1, b: c + 1, c: a + 1, d: a + 1, own: own + 1, fine: orders_total}")
    assert [line.split("trait ")[1] for line in found] == [
        f"{name}: traits that need each other in a circle: found '{name} -> {other}', wanted none"
        for name, other in (("a", "b"), ("b", "c"), ("c", "a"), ("own", "own"))
    ]


def test_attributes_that_stand_in_the_way_are_named():
    found = problems("", people("p_alive", "customer_id", "rfm_recency", "Spend_Total"))
    assert [line.split("attribute: ")[1].split(", wanted")[0] for line in found] == [
        "a column of the value map has this name: found 'p_alive'",
        "a column of every run has this name: found 'customer_id'",
        "a trait of rfm has this name: found 'rfm_recency'",
        "a standard trait has this name but for its case: found 'Spend_Total'",
    ]
    assert all("say under columns: of customers what to call it" in line for line in found)


def test_a_trait_cannot_have_the_name_of_an_attribute():
    found = problems("traits: {age: orders_total}", SHOP | {"customers": PEOPLE})
    assert found == ["smalti.yml:2:10: trait: an attribute has this name: found 'age', wanted another"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("returns", "a table made from the orders has this name"),
        ("Orders", "a standard stream has this name but for its case"),
        (
            "_visits",
            "names with _ in front are the engine's own: found '_visits', wanted another; did you mean 'visits'?",
        ),
    ],
)
def test_sources_whose_names_are_taken_are_told(name, told):
    project, origin = parse_project(f"sources: {{{name}: {{from: v.csv}}}}", FILE_NAME)
    with pytest.raises(DefinitionError, match=f"smalti.yml:1:11: source: {told}"):
        prepare(project, SHOP, origin)


def test_a_project_without_sources_is_not_ready():
    with pytest.raises(DefinitionError, match="no source: wanted at least one file of orders or customers"):
        prepare(Project(), {})


def test_a_mistake_in_code_has_no_file_but_all_else():
    project = Project(sources={"orders": {"from": "o.csv"}}, traits={"a": "count(ordrs)"})
    with pytest.raises(DefinitionError) as caught:
        prepare(project, SHOP)
    problem = caught.value.problems[0]
    assert (problem.file, problem.line, problem.subject, problem.hint) == (None, None, "trait a", "orders")


def test_everything_right_is_made_ready_each_trait_after_those_it_names():
    done = ready("traits: {z: a + 1, a: orders_90d + 1, share: age / 2}", SHOP | {"customers": PEOPLE})
    order = [trait.name for trait in done.traits]
    assert order.index("orders_90d") < order.index("a") < order.index("z")
    assert {trait.name: trait.type for trait in done.traits}.items() >= {
        "country": Type.TEXT,
        "z": Type.INTEGER,
    }.items()
    assert [one.name for one in done.frameworks] == ["rfm", "lifecycle", "value_tiers", "negative"]
    assert {"leave_alone", "do_not_target", "retain"} <= {one.name for one in done.strategies}


def test_what_the_facts_cannot_carry_is_left_out_with_a_note_or_is_an_error_if_asked_for():
    events = {"visits": Stream("visits", ())}
    assert any("rfm is left out: it needs" in note for note in ready("", events).notes)
    assert not ready("", events).frameworks
    assert any("smalti.yml:2:7: framework: rfm needs" in line for line in problems("use: [rfm]", events))


def test_frameworks_are_used_with_their_settings_and_in_the_order_in_which_they_are_named():
    done = ready("use:\n  tenure: {cuts: [30]}\n  rfm: {bands: 3}\n  lifecycle:\n")
    assert [one.name for one in done.frameworks] == ["tenure", "rfm", "lifecycle"]
    assert [one.name for one in done.segments][:3] == ["tenure_up_to_30_days", "tenure_over_30_days", "tenure_none"]
    assert "won_back" in {one.name for one in done.segments}
    told = problems("use:\n  rfm: {bands: 3}\n  engagement: {}\n  price_sensitivity: {}\n")
    assert told == [
        "smalti.yml:4:3: framework: engagement needs a stream of events or touches that tells what she did, "
        "which the data does not give",
        "smalti.yml:5:3: framework: price_sensitivity needs discount_known_orders and discounted_order_share, "
        "which the data does not give",
    ]


def test_what_only_some_facts_carry_is_used_where_they_do_and_not_missed_where_they_do_not():
    done = ready("", {"orders": THREE_COLUMNS})
    assert [one.name for one in done.frameworks] == ["rfm", "lifecycle", "value_tiers"]
    assert not [note for note in done.notes if "engagement" in note or "negative" in note]
    lively = ready("", {"orders": THREE_COLUMNS, "events": Stream("events", (Column("name", Type.TEXT),))})
    assert [one.name for one in lively.frameworks][3:] == ["engagement"]


@pytest.mark.parametrize(
    "own", ["first_order_at", "typical_gap_days", "orders_total", "days_since_order", "purchase_days"]
)
def test_frameworks_stand_on_an_own_trait_of_a_standard_name_too(own):
    kinds = {"first_order_at": "instant '2026-01-01'", "orders_total": "3", "purchase_days": "2"}
    ready(f'traits: {{{own}: "{kinds.get(own, "2.5")}"}}')


def test_an_own_trait_of_a_standard_name_carries_what_stands_on_it():
    streams = {"customers": Stream("customers", (Column("mnt", Type.NUMBER),))}
    assert "value_tiers" in {one.name for one in ready("traits: {spend_365d: money(mnt)}", streams).frameworks}


def test_the_playbook_can_be_changed_extended_and_shortened():
    done = ready(
        """
        playbook:
          retain: {success: 0.2, cost: 1.50}
          win_back: {off: true}
          ring: {title: Ring, mechanism: voice, eligible: orders_total > 1, headroom: value_at_risk, success: 0.5,
                 because: 'bought {orders_total} times'}
        """
    )
    strategies = {one.name: one.definition for one in done.strategies}
    assert strategies["retain"].success.rate == 0.2
    assert strategies["retain"].success.by == "this project"
    assert str(strategies["retain"].cost) == "1.5"
    assert "win_back" not in strategies
    assert strategies["ring"].success.basis == "assumed"


def test_the_work_list_says_what_a_run_will_do():
    project, _ = parse_project(SOURCES, FILE_NAME)
    done = ready("")
    work = (*before_facts(project), *after_facts(done, SHOP))
    assert [one.step for one in work] == [
        "read",
        "check",
        "traits",
        "models",
        "value map",
        "strategies",
        "segments",
        "publish",
    ]
    told = {one.step: one.about for one in work}
    assert told["read"] == "read orders"
    assert told["traits"].startswith(f"{len(done.traits)} traits from ")
    assert told["traits"].endswith(" aggregates over orders, returns")
    assert told["segments"].startswith(f"{len(done.segments)} segments, ")


COMPANIES = SHOP | {"customers": Stream(CUSTOMERS.name, (Column("company", Type.TEXT), Column("seats", Type.INTEGER)))}


def test_segments_may_ask_membership_of_others_and_so_may_traits_and_strategies():
    done = ready(
        """\
        traits:
          care: case when member(best) then 2 else 1 end
        segments:
          dear: member(best) and score(p_alive) > 0.5
          best: spend_365d > 100
        playbook:
          retain: {eligible: member(dear)}
        """
    )
    assert {"dear", "best"} <= {segment.name for segment in done.segments}
    assert "care" in {trait.name for trait in done.traits}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "segments: {a: member(b), b: member(a)}",
            "smalti.yml:2:15: segment a: segments that need each other in a circle: found 'a -> b', wanted none",
        ),
        (
            "traits: {t: case when member(a) then 1 else 2 end}\nsegments: {a: t > 1}",
            "smalti.yml:2:13: trait t: traits that need each other in a circle: found 't -> a', wanted none",
        ),
        ("segments: {a: member(champion)}", "unknown segment: found 'champion'"),
        ("segments: {a: member(champion)}", "did you mean 'champions'?"),
        (
            "traits: {t: case when member(a) then 1 else 2 end}\nsegments: {a: value_now > 100}",
            "trait t: not known yet here: found 'a', wanted a segment that rests on traits alone",
        ),
        (
            "traits: {t: case when member(b) then 1 else 2 end}\nsegments: {a: score(p_alive) > 0.5, b: member(a)}",
            "trait t: not known yet here: found 'b', wanted a segment that rests on traits alone",
        ),
        ("segments: {a: score(p_aliv) > 1}", "unknown score: found 'p_aliv'"),
        ("segments: {a: any_person(orders_90d > 0)}", "no accounts are known"),
        ("account: compny", "smalti.yml:2:10: account: unknown attribute: found 'compny'"),
        ("account: compny", "did you mean 'company'?"),
        ("account: seats", "account: an account is named by text: found 'seats (integer)'"),
        ("traits: {loud: orders_90d}\nsegments: {loud: orders_90d > 2}", "a trait has this name: found 'loud'"),
        ("traits: {_x: orders_90d}", "names with _ in front are the engine's own: found '_x', wanted another"),
        ("segments: {a: orders_90d > 5 and orders_90d < 3}", "segment a: a rule that is never true"),
        ("segments: {a: count(orders) >= 0}", "smalti.yml:2:15: segment a: a rule that is always true"),
        (
            "traits: {t: 'count(orders, between instant ''2021-01-01'' and instant ''2020-01-01'')'}",
            "trait t: a window that can never hold anything",
        ),
    ],
)
def test_a_mistake_about_others_is_told_with_its_place(text, told):
    assert any(told in problem for problem in problems(text, COMPANIES)), problems(text, COMPANIES)


def test_everyone_may_be_a_segment():
    assert "all" in {segment.name for segment in ready("segments: {all: 'true'}").segments}


def test_accounts_are_asked_about_their_people():
    done = ready("account: company\nsegments: {awake: any_person(orders_90d > 0)}", COMPANIES)
    assert done.segments[-1].node.link is not None
