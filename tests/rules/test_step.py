"""What the live step does with one customer: small cases that a person can follow, and every bug that was found."""

from __future__ import annotations

from math import floor
from random import Random

import pytest
from language_trees import STREAMS
from language_worlds import POUNDS

from smalti.errors import SmaltiError
from smalti.facts import COUNTS, DAY, HOUR, Column, Stream, Type, draw_of, parse_instant
from smalti.rules import Customer, Vocabulary, check, meaning, parse
from smalti.rules.nodes import Compare, Literal, Name, People
from smalti.rules.step import Change, Step
from smalti.rules.step.intervals import Reach, since

START = parse_instant("2026-06-01T12:00:00Z")
END = parse_instant("9999-12-31")


def ready(text: str, names=(), segments=(), zone="UTC"):
    words = Vocabulary(
        STREAMS, dict(names), POUNDS, segments=segments, scores={"p": Type.NUMBER}, time_zone=zone, account="country"
    )
    checked = check(parse(text), words)
    assert not checked.problems, [str(problem) for problem in checked.problems]
    return checked.node


def step_of(rules: dict[str, str], traits: dict[str, str] | None = None, zone: str = "UTC") -> Step:
    types, trees = {}, {}
    for name, text in (traits or {}).items():
        checked = check(parse(text), Vocabulary(STREAMS, types, POUNDS, time_zone=zone))
        trees[name], types[name] = checked.node, checked.type
    return Step(trees, {name: ready(text, types, tuple(rules), zone) for name, text in rules.items()}, STREAMS)


def told(step: Step, *facts, until: int = END) -> list[tuple[int, str, object]]:
    """Tell facts ``(at, stream, values[, now])`` and let time pass; give the changes but for the first answers."""
    state, changes = step.empty(), []
    for at, stream, values, *now in facts:
        changes += step.on_fact(state, stream, at, values, now[0] if now else at)
    changes += step.on_time(state, until)
    return [(change.at, change.rule, change.after) for change in changes if change.before is not None]


def test_a_fact_leaves_its_window_at_the_very_microsecond_and_then_she_sleeps():
    step = step_of({"bought": "count(orders, last 30 days) >= 1"})
    her = step.empty()
    assert step.on_fact(her, "orders", START, {}, START) == [Change(START, "bought", None, True)]
    assert step.wake_at(her) == START + 30 * DAY
    assert step.on_time(her, START + 30 * DAY - 1) == ()
    assert step.on_time(her, START + 90 * DAY) == [Change(START + 30 * DAY, "bought", True, False)]
    assert step.wake_at(her) is None


@pytest.mark.parametrize(("op", "flips"), [("<=", 1), ("<", 0), (">", 1), (">=", 0)])
def test_a_comparison_of_days_since_flips_at_its_own_microsecond(op, flips):
    step = step_of({"gone": f"days_since(last(orders.at)) {op} 30"})
    assert told(step, (START, "orders", {})) == [(START + 30 * DAY + flips, "gone", op.startswith(">"))]


def test_equal_days_hold_for_one_microsecond():
    step = step_of({"now": "days_since(last(orders.at)) = 30"})
    at = START + 30 * DAY
    assert told(step, (START, "orders", {})) == [(at, "now", True), (at + 1, "now", False)]


def test_a_rhythm_of_her_own_flips_where_the_very_division_does():
    step = step_of(
        {"slipping": "silent > 2"},
        {"rhythm": "sum(orders.quantity) * 1.1", "silent": "days_since(last(orders.at)) / rhythm"},
    )
    for quantity in (1, 2, 3, 7, 0, -2):
        facts = [{"at": START, "quantity": quantity}]
        found = told(step, (START, "orders", facts[0]))
        tree = ready("days_since(last(orders.at)) / (sum(orders.quantity) * 1.1) > 2")
        for at, _, after in found:
            assert meaning(tree, Customer({"orders": facts}), at) is after
            assert meaning(tree, Customer({"orders": facts}), at - 1) is not after
        assert len(found) == (quantity > 0)


def test_a_cart_without_an_order_is_known_when_the_time_is_up():
    step = step_of({"left": "any(visits, where page = 'web' and not followed_by(orders, within 2 days))"})
    assert told(step, (START, "visits", {"page": "web"})) == [(START + 2 * DAY, "left", True)]
    ordered = (START + DAY, "orders", {})
    assert told(step, (START, "visits", {"page": "web"}), ordered) == []


def test_a_birthday_wakes_her_on_its_day_and_not_before():
    step = step_of({"party": "days_to_anniversary(born) <= 7"}, zone="Europe/London")
    her = step.empty()
    born = parse_instant("1990-03-20T08:00:00Z")
    step.on_fact(her, "customers", START, {"born": born}, START)
    assert step.wake_at(her) == parse_instant("2027-03-13", "Europe/London")
    step.on_time(her, step.wake_at(her))
    assert step.answers(her) == {"party": True}
    assert step.wake_at(her) == parse_instant("2027-03-21", "Europe/London")


@pytest.mark.parametrize(
    "text", ["0 < days_to_anniversary(now)", "calendar_days_since(now) >= 1", "years_since(now - 1 day) > 0"]
)
def test_a_count_from_an_instant_that_moves_along_does_not_keep_her_awake(text):
    step = step_of({"never": text}, zone="Pacific/Auckland")
    her, wakes, year_on = step.empty(), 0, START + 365 * DAY
    step.on_time(her, START)
    while (wake := step.wake_at(her)) is not None and wake <= year_on:
        wakes += 1
        assert step.on_time(her, wake) == ()
        assert wakes < 40
    assert step.given_up == 0


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "America/Sao_Paulo", "Europe/London"])
@pytest.mark.parametrize("function", sorted(COUNTS))
def test_a_count_lies_between_the_ends_it_is_given(function, zone):
    """Also where midnight comes twice or never, for what moves and for what stands still."""
    draw, count = Random(function + zone), COUNTS[function]  # noqa: S311
    marks = [parse_instant(one) for one in ("2006-10-29T03:00", "2018-11-04T03:00", "2024-02-29", "2026-12-31T23:59")]
    for _ in range(400):
        mark, wide = draw.choice(marks), draw.choice([1, HOUR, DAY, 3 * DAY, 400 * DAY])
        (first, last), (low, high) = (sorted(mark + draw.randint(-wide, wide) for _ in "ab") for _ in "ab")
        least, most = since(function, Reach(first, last, False), low, high, zone)
        for _ in range(10):
            then, now = draw.randint(first, last), draw.randint(low, high)
            assert least <= count(then, now, zone) <= most


def test_calendar_days_are_counted_from_midnight_to_midnight():
    step = step_of({"old": "calendar_days_since(last(orders.at)) >= 2"}, zone="Europe/London")
    midnight = parse_instant("2026-06-03T00:00:00", "Europe/London")
    assert told(step, (START, "orders", {})) == [(midnight, "old", True)]


def test_a_fact_of_the_future_waits_for_its_instant():
    step = step_of({"bought": "any(orders)"})
    assert told(step, (START + HOUR, "orders", {}, START)) == [(START + HOUR, "bought", True)]


def test_a_late_fact_enters_only_the_windows_it_still_lies_in():
    step = step_of({"lately": "any(orders, last 1 days)", "ever": "any(orders)"})
    her = step.empty()
    step.on_time(her, START)
    assert step.on_fact(her, "orders", START - 2 * DAY, {}, START) == [Change(START, "ever", False, True)]


def test_a_fact_delivered_twice_counts_once():
    step = step_of({"twice": "count(orders) >= 2"})
    her = step.empty()
    step.on_fact(her, "orders", START, {}, START, 1)
    assert step.on_fact(her, "orders", START, {}, START + 1, 1) == ()
    assert step.answers(her) == {"twice": False}
    step.on_fact(her, "orders", START, {}, START + 1, 2)
    assert step.answers(her) == {"twice": True}


def test_a_draw_hangs_on_who_she_is_and_never_changes():
    step = step_of({"drawn": "bucket('a') < 0.5", "old": "days_since(last(orders.at)) > 10 * bucket('b')"})
    assert step.salts == ("a", "b")
    for name in ("ada", "bob", "cid"):
        her = step.empty(name)
        step.on_fact(her, "orders", START, {}, START)
        assert step.answers(her) == {"drawn": draw_of("a", name) < 0.5, "old": False}
        wake = START + floor(10 * draw_of("b", name) * DAY)
        assert abs(step.wake_at(her) - wake) <= 1
        assert step.on_time(her, END) == [Change(step.on_time(her, START) or wake + 1, "old", False, True)]
        assert step.wake_at(her) is None
        assert step.load(step.dump(her)) == her


def test_who_is_drawn_must_have_an_id():
    step = step_of({"drawn": "bucket('a') < 0.5"})
    with pytest.raises(SmaltiError, match=r"found bucket\('a'\) in the definitions, wanted empty\(customer_id\)"):
        step.empty()
    with pytest.raises(SmaltiError, match="nothing is kept for this"):
        step.value(step.empty("ada"), ready("bucket('b')"), START)


def test_two_who_are_one_have_the_draws_of_the_first():
    since = "case when bucket('a') < 0.5 then instant '2026-06-02' else instant '2026-06-04' end"
    step, days = step_of({"drawn": "bucket('a') < 0.5", "lately": f"any(orders, after {since})"}), {}
    states = {name: step.empty(name) for name in ("ada", "bob", "cid", "dee")}
    for place, (name, state) in enumerate(states.items()):
        days[name] = START + place * DAY
        step.on_fact(state, "orders", days[name], {}, START + 9 * DAY)
    for one, hers in states.items():
        for two, his in states.items():
            facts = [("orders", days[name], {}) for name in (one, two)]
            alone = step.rebuild(facts, START + 9 * DAY, customer_id=one)
            assert step.answers(step.merge(hers, his)) == step.answers(alone)


def test_what_leaves_a_sum_leaves_no_trace():
    step = step_of({"none": "sum(orders.weight, last 1 days) = 0"})
    facts = [(START + place, "orders", {"weight": weight}) for place, weight in enumerate([0.1, 0.2, 0.3, 1e12, 1 / 3])]
    assert told(step, *facts)[-1] == (START + len(facts) - 1 + DAY, "none", True)


def test_members_of_a_segment_follow_it_at_once():
    step = step_of({"vip": "count(orders, last 2 days) > 0", "fan": "member(vip) and any(visits)"})
    changes = told(step, (START, "visits", {}), (START, "orders", {}))
    assert changes[-2:] == [(START + 2 * DAY, "vip", False), (START + 2 * DAY, "fan", False)]


def test_scores_are_constants_until_they_are_set_again():
    step = step_of({"likely": "score(p) > 0.5"})
    her = step.empty()
    assert step.set_score(her, "p", 0.9, START) == [Change(START, "likely", None, True)]
    assert step.set_score(her, "p", None, START + 1) == [Change(START + 1, "likely", True, None)]


def test_an_account_follows_the_tally_of_its_people():
    step = step_of({"busy": "any_person(any(orders, last 1 days))"})
    asked = step.people[0]
    assert isinstance(asked, People)
    person, account = step.empty(), step.empty()
    step.on_fact(person, "customers", START, {"country": "acme"}, START)
    changes = step.on_fact(person, "orders", START, {}, START)
    assert (asked.rule, True) in [(change.rule, change.after) for change in changes]
    assert step.answers(person)[asked.link] == "acme"
    step.on_time(account, START)
    assert step.set_people(account, asked, (1, 0, 0), START) == [Change(START, "busy", False, True)]
    assert [change.rule for change in step.on_time(person, START + DAY)] == [asked.rule]
    assert step.set_people(account, asked, (0, 1, 0), START + DAY) == [Change(START + DAY, "busy", True, False)]


def test_a_trait_is_asked_as_of_an_instant_without_moving_the_state():
    step = step_of({}, {"lately": "count(orders, last 1 days)", "age": "days_since(last(orders.at))"})
    her = step.empty()
    step.on_fact(her, "orders", START, {}, START)
    assert [step.value(her, "lately", START + at) for at in (0, DAY - 1, DAY)] == [1, 1, 0]
    assert step.value(her, "age", START + 3 * DAY) == 3.0
    assert step.now(her) == START


def test_the_next_change_is_told_of_any_tree():
    step = step_of({"bought": "count(orders, last 30 days) >= 1"}, {"age": "days_since(last(orders.at))"})
    her = step.empty()
    step.on_fact(her, "orders", START, {}, START)
    assert step.next_change(her, "bought", START) == START + 30 * DAY
    assert step.next_change(her, "age", START) == START + 1
    assert step.next_change(her, ready("days_since(last(orders.at)) > 7"), START) == START + 7 * DAY + 1
    assert step.next_change(her, ready("last(orders.at) is missing"), START) is None
    with pytest.raises(SmaltiError, match="nothing is kept for this"):
        step.value(her, ready("count(orders)"), START)


def test_a_state_of_other_definitions_is_refused():
    one, two = step_of({"a": "any(orders)"}), step_of({"a": "any(visits)"})
    with pytest.raises(SmaltiError, match="rebuild it from its facts"):
        two.load(one.dump(one.empty()))
    with pytest.raises(SmaltiError, match="not a state"):
        one.load(b"\xff")
    assert one.load(one.dump(one.empty())) == one.empty()


def test_unknown_names_are_errors_with_the_nearest_right_one():
    step = step_of({"bought": "any(orders)"})
    with pytest.raises(SmaltiError, match="did you mean 'orders'"):
        step.on_fact(step.empty(), "order", START, {}, START)
    with pytest.raises(SmaltiError, match="did you mean 'bought'"):
        step.value(step.empty(), "bougt", START)
    with pytest.raises(SmaltiError, match="did you mean 'vip'"):
        Step({}, {"vip": ready("any(orders)"), "a": ready("member(vap)", segments=("vap",))}, STREAMS)


def test_merging_forgets_neither_what_waits_nor_what_has_left():
    step = step_of({"two": "count(orders, last 2 days) >= 2", "three": "count(orders) >= 3"})
    one, two = step.empty(), step.empty()
    step.on_fact(one, "orders", START, {}, START, 1)
    step.on_fact(one, "orders", START + 3 * DAY, {}, START + 1, 3)
    step.on_fact(two, "orders", START + DAY, {}, START + DAY, 2)
    her = step.merge(one, two)
    assert (step.now(her), step.position(her)) == (START + DAY, 3)
    assert step.answers(her) == {"two": True, "three": False}
    changes = [(change.at, change.rule, change.after) for change in step.on_time(her, END)]
    assert changes == [(START + 2 * DAY, "two", False), (START + 3 * DAY, "three", True)]


def test_dumps_of_equal_states_are_equal_bytes():
    step = step_of({"a": "distinct(orders.channel) > 3"}, {"f": "most_frequent(orders.channel)"})
    facts = [("orders", START, {"channel": channel}) for channel in ("web", "shop", "app", "Ä", "")]
    states = [step.rebuild(rows, START) for rows in (facts, facts[::-1])]
    assert step.dump(states[0]) == step.dump(states[1])


def test_a_value_of_another_type_is_refused_and_nothing_has_happened():
    streams = {"s": Stream("s", (Column("n", Type.NUMBER), Column("name", Type.TEXT)))}
    step = Step({}, {"much": parse("sum(s.n) > 5"), "named": parse("any(s, where name = 'a')")}, streams)
    her = step.empty()
    step.on_fact(her, "s", 1, {"n": 3.0}, now=1, position=1)
    before = step.dump(her)
    for wrong in ({"n": "three"}, {"n": True}, {"name": 3}):
        with pytest.raises(SmaltiError, match=r"not a value of s\."):
            step.on_fact(her, "s", 2, wrong, now=2, position=2)
    assert step.dump(her) == before
    step.on_fact(her, "s", 2, {"n": float("nan")}, now=2, position=2)
    step.on_fact(her, "s", 3, {"n": float("inf")}, now=3, position=3)
    assert step.answers(her)["much"] is False
    step.on_fact(her, "s", 4, {"n": 3}, now=4, position=4)
    assert step.answers(her)["much"] is True


def test_time_can_run_to_its_end():
    step = Step({}, {"any": parse("any(s)")}, {"s": Stream("s", ())})
    her = step.empty()
    step.on_time(her, 2**63)
    assert step.on_fact(her, "s", 1, {}, now=2**64)


def test_a_state_is_for_the_types_it_was_written_with_and_broken_ones_are_told():
    def of(kind):
        return Step({}, {"much": parse("sum(s.n) > 5")}, {"s": Stream("s", (Column("n", kind),))})

    whole, real = of(Type.INTEGER), of(Type.NUMBER)
    her = whole.empty()
    whole.on_fact(her, "s", 1, {"n": 7}, now=1)
    with pytest.raises(SmaltiError, match="a state of other definitions"):
        real.load(whole.dump(her))
    broken = whole.dump(her).replace(b",[", b",[[],", 1)
    with pytest.raises(SmaltiError, match="rebuild it from its facts"):
        whole.load(broken)


def test_an_unknown_score_is_told_with_the_nearest():
    step = Step({}, {"likely": Compare(">", Name("p_alive"), Literal(0.5, Type.NUMBER))}, {})
    with pytest.raises(SmaltiError, match="did you mean 'p_alive'"):
        step.set_score(step.empty(), "p_aliv", 0.3, 0)


REMEMBERED = [
    ("count(orders, last 1 day, where followed_by(orders, within 2 hours)) > 1", {"orders": DAY}),
    ("count(orders, between now - 1 day and now) > 3", {"orders": DAY}),
    ("count(orders, between start of week - 1 hours and now) > 3", {"orders": 9 * DAY + HOUR}),
    ("count(orders, today, where days_since(at) > 0.1) > 3", {"orders": 3 * DAY}),
    (
        "any(orders, last 1 day, where not preceded_by(visits, within 2 hours))",
        {"orders": DAY, "visits": DAY + 2 * HOUR},
    ),
    (
        "any(orders, last 1 day, where followed_by(visits, within 2 hours, where preceded_by(orders, within 4 hours)))",
        {"orders": DAY + 4 * HOUR, "visits": DAY},
    ),
    ("count(orders, after today - 1 day) > count(orders, after today - 2 days)", {"orders": 5 * DAY}),
    ("any(orders, last 1 day, where preceded_by(visits))", {"orders": DAY, "visits": None}),
    ("any(orders, where followed_by(visits, within 2 hours))", {"orders": None, "visits": None}),
    ("any(orders, before now - 1 day) and any(orders, after now - 1 day)", {"orders": None}),
    ("any(orders, after last(visits.at))", {"orders": None}),
]
"""Rules, and for how long the facts of each stream must be remembered."""


@pytest.mark.parametrize(("rule", "memories"), REMEMBERED, ids=[rule for rule, _ in REMEMBERED])
def test_facts_are_remembered_as_long_as_a_rule_may_need_them(rule, memories):
    assert step_of({"rule": rule})._layout.memories == memories


@pytest.mark.parametrize("rule", [rule for rule, _ in REMEMBERED])
def test_what_is_let_go_is_not_missed(rule):
    step, tree, dice = step_of({"rule": rule}), ready(rule), Random(rule)  # noqa: S311 - a world, not a secret
    her, facts, now = step.empty(), {"orders": [], "visits": []}, START
    for _ in range(40):
        now += dice.choice([0, HOUR, 2 * HOUR, 5 * HOUR, dice.randrange(DAY)])
        at = now - dice.choice([0, 0, 0, HOUR, DAY, 2 * DAY])
        stream = dice.choice(list(facts))
        facts[stream].append({"at": at})
        step.on_fact(her, stream, at, {}, now)
        if dice.random() < 0.1:
            her = step.load(step.dump(her))
        for later in (now, now + dice.randrange(DAY)):
            assert step.value(her, "rule", later) is meaning(tree, Customer(facts), later)


@pytest.mark.parametrize("rule", [REMEMBERED[0][0], "count(orders, after now - 1 day) > 3"])
def test_a_state_stays_small_however_many_facts_come(rule):
    step, sizes = step_of({"rule": rule}), []
    her = step.empty()
    for place in range(1500):
        now = START + place * DAY
        step.on_fact(her, "orders", now, {}, now)
        step.on_fact(her, "orders", START, {}, now)
        sizes.append(sum(len(her[slot]) for slot in step._layout.histories.values()))
    assert max(sizes[100:]) == max(sizes[100:200]) < 20
    assert len(step.dump(her)) < 500
