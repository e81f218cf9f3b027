"""What is under way: which step comes next, when, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from permitted import CHANNELS, days, grounds, history, limits, plan, step, treatment

from smalti.facts import parse_instant
from smalti.strategy.permits import BARS, Answers, audit_slowly, under_way
from smalti.strategy.permits.beginnings import begun
from smalti.strategy.permits.stretches import LONG_AGO

NOW = parse_instant("2026-03-02")
YES = np.ones(1, dtype=bool)
CHAIN = treatment(steps=(step("3 days", "sms", **{"if": "opened"}), step("4 days", "call", **{"if": "ordered"})))
TRUE = Answers(conditions={("spring", 2): YES, ("spring", 3): YES}, costs={("spring", 2): 7.0})


def continued(past, answers=TRUE, what=None, one=CHAIN, **more):
    return under_way((one,), what or limits(), grounds(at=NOW, until=NOW + days(7), history=past, **more), answers)


def began(ago: float, *steps: int) -> object:
    """A chain that began so many days ago, with these further steps a day after each other."""
    return history(
        *(
            (0, NOW - days(ago - place), "email", "win_back", "spring", number)
            for place, number in enumerate((1, *steps))
        )
    )


def due(found) -> list[tuple[int, float]]:
    """The steps that are due, and in how many days."""
    return [
        (kind.step, (when - NOW) / days(1))
        for kind, when in zip(found.due.contacts, found.due.due.tolist(), strict=True)
    ]


def test_a_step_is_due_its_delay_after_the_beginning():
    found = continued(began(1))
    assert due(found) == [(2, 2.0), (3, 6.0)]
    assert found.due.cost.tolist() == [7.0, 0.0]
    assert found.due.reasons[0] == "step 2, 3 days after the first contact of 2026-03-01"
    assert [one.channel for one in found.due.contacts] == ["sms", "call"]


def test_a_step_whose_time_was_lately_is_due_at_once():
    assert due(continued(began(5)))[0] == (2, 0.0)


def test_steps_that_she_has_had_do_not_come_again():
    assert due(continued(began(5, 2))) == [(3, 2.0)]
    assert due(continued(began(5, 2, 3))) == []


def test_what_follows_after_the_plan_is_pending_whatever_its_condition_says_now():
    found = continued(began(0), answers=Answers(conditions={("spring", 2): YES}))
    assert due(found) == [(2, 3.0)]
    found = continued(began(-0.5 + 0.5), answers=Answers(), one=treatment(steps=(step("9 days", **{"if": "opened"}),)))
    assert due(found) == []
    assert [(when - NOW) / days(1) for when in found.pending.due.tolist()] == [9.0]


@pytest.mark.parametrize(
    ("bar", "answers", "more"),
    [
        ("stopped", replace(TRUE, stopped={"spring": YES}), {}),
        ("condition not met", replace(TRUE, conditions={("spring", 2): ~YES, ("spring", 3): YES}), {}),
        ("condition not met", replace(TRUE, conditions={}), {}),
        ("suppressed", TRUE, {"suppressed": YES}),
        ("held out", TRUE, {"held_out": {"spring": YES}}),
        ("other arm", TRUE, {"elsewhere": {"spring": YES}}),
        ("no address", TRUE, {"address": {"email": YES}}),
        ("no consent", TRUE, {"agreed": {"email": YES}}),
    ],
)
def test_what_ends_a_step_is_told(bar, answers, more):
    found = continued(began(1), answers, **more)
    assert 2 not in [number for number, _ in due(found)]
    assert [
        BARS[code].name for kind, code in zip(found.dropped.contacts, found.dropped.why, strict=True) if kind.step == 2
    ] == [bar]


def test_a_step_that_does_not_come_leaves_the_one_after_it():
    answers = replace(TRUE, conditions={("spring", 2): ~YES, ("spring", 3): YES})
    assert due(continued(began(1), answers)) == [(3, 6.0)]


def test_what_was_due_long_ago_comes_no_more_and_is_not_told_for_ever():
    found = continued(began(12))
    assert due(found) == [(3, 0.0)]
    assert [BARS[code].name for code in found.dropped.why] == ["too late"]
    assert len(continued(began(60)).dropped.rows) == 0


def test_what_excludes_it_ends_it_for_as_long_as_they_are_apart():
    what = limits(exclusive=[["spring", "autumn"]], apart="5 days")
    past = history((0, NOW - days(1), "email", None, "spring", 1), (0, NOW - days(2), "email", None, "autumn", 1))
    found = continued(past, what=what)
    assert [number for number, _ in due(found)] == [3]
    assert BARS[found.dropped.why[0]].name == "exclusive"


def test_quiet_hours_and_frequency_move_steps_to_later():
    past = history((0, NOW - days(1), "email", None, "spring", 1), (0, NOW, "letter", None, None))
    what = limits(frequency={"most": 1, "within": "5 days"}, quiet={"from": "0:00", "until": "6:00"})
    assert due(continued(past, what=what)) == [(2, 5.25)]  # the step after it waits until after the plan


def test_touches_of_other_treatments_and_of_later_are_not_seen():
    past = history((0, NOW + 1, "email", None, "spring", 1), (0, NOW - 1, "email", None, "winter", 1))
    assert due(continued(past)) == []


@pytest.mark.parametrize(
    ("touches", "done", "since"),
    [
        ([], 0, None),
        ([(-9, 1)], 1, -9),
        ([(-9, None)], 1, -9),
        ([(-9, None), (-6, None)], 2, -9),
        ([(-9, 1), (-6, None), (-2, None)], 3, -9),
        ([(-30, 1), (-26, 2), (-22, 3), (-9, None)], 1, -9),  # all steps have been: a new beginning
        ([(-60, None), (-9, None)], 1, -9),  # long after the last was due
        ([(-9, 1), (-5, 3)], 3, -9),
        ([(-9, 1), (-5, 3), (-4, 2)], 3, -9),
        ([(-9, 1), (-5, 1)], 1, -5),
        ([(-9, 2)], 2, -12),  # the beginning is told by the step
        ([(-9, 1), (-8, 99)], 3, -9),
    ],
)
def test_touches_tell_how_far_a_treatment_has_come(touches, done, since):
    past = history(*((0, NOW + days(at), "email", None, "spring", number) for at, number in touches))
    found = begun(CHAIN, past, 2, NOW)
    assert found.done.tolist() == [done, 0]
    assert found.began[0] == (LONG_AGO if since is None else NOW + days(since))
    assert found.touched[0] == (NOW + days(touches[-1][0]) if touches else LONG_AGO)


def test_a_history_without_steps_is_counted_through():
    past = history((0, NOW - days(1), "email", None, "spring")).drop_columns(["step"])
    assert begun(CHAIN, past, 1, NOW).done.tolist() == [1]


PAST = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-14 * 24, 0).map(lambda hours: NOW + hours * days(1) // 24),
        st.sampled_from(CHANNELS),
        st.just("win_back"),
        st.sampled_from(["spring", "autumn", None]),
        st.sampled_from([1, 1, 2, None]),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    PAST,
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.sampled_from(
        [{}, {"frequency": {"most": 1, "within": "2 days"}}, {"frequency": [{"most": 2, "within": "7 days"}]}]
    ),
    st.sampled_from([{}, {"quiet": {"from": "20:00", "until": "9:00"}}]),
    st.sampled_from([{}, {"exclusive": [["spring", "autumn"]], "apart": "2 days"}]),
)
def test_what_continues_passes_the_last_gate(past, agreed, often, quiet, apart):
    known = (
        treatment(steps=(step("2 days", "sms"), step("2 days", "email"))),
        treatment("autumn", ("call",), (step("3 days"),)),
    )
    given = grounds(3, at=NOW, until=NOW + days(7), history=history(*past), names=("spring", "autumn"))
    given = replace(given, agreed={**given.agreed, "sms": np.array(agreed)})
    what = limits(**often, **quiet, **apart)
    found = under_way(known, what, given, Answers()).due
    table = plan(
        *(
            (row, kind.treatment, kind.step, kind.channel, kind.purpose, when)
            for row, kind, when in zip(found.rows.tolist(), found.contacts, found.due.tolist(), strict=True)
        )
    )
    assert audit_slowly(table, known, what, given) == ()
