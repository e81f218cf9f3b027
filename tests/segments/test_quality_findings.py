"""Findings add up to a verdict: one fail sinks, what could not be made is not shown, order does not matter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.segments.quality import (
    SEVERITIES,
    TESTS,
    Bars,
    Finding,
    listed,
    percent,
    state_of,
    tally,
    unshown,
    verdict,
    worst_first,
)


def finding(test, severity, segment=None, segmentation="rfm"):
    return Finding(test, segmentation, segment, severity, "", None, None, None, "found", "")


ALL = [finding(test, "passed") for test in Bars().required]


def test_all_required_tests_shown_is_a_pass_and_the_others_are_said_to_be_missing():
    found = verdict("rfm", ALL, Bars())
    assert found.passed
    assert found.not_shown == ("reachable", "durable")
    assert found.failed == ()


@pytest.mark.parametrize("lacking", Bars().required)
def test_a_required_test_that_was_not_made_is_no_pass(lacking):
    left = [one for one in ALL if one.test != lacking]
    assert not verdict("rfm", left, Bars()).passed
    assert not verdict("rfm", [*left, unshown(lacking, "rfm", "why", "what")], Bars()).passed
    assert lacking in verdict("rfm", left, Bars()).not_shown


@pytest.mark.parametrize("test", TESTS)
def test_one_fail_sinks_whichever_test_it_is(test):
    found = verdict("rfm", [*ALL, finding(test, "fail", "champions")], Bars())
    assert not found.passed
    assert found.failed == (test,)
    assert found.findings[0].severity == "fail"


def test_findings_of_another_segmentation_do_not_count():
    assert verdict("rfm", [*ALL, finding("distinct", "fail", segmentation="tiers")], Bars()).passed


def test_a_note_about_a_segment_does_not_hide_that_the_test_was_passed():
    assert state_of("distinct", [finding("distinct", "passed"), finding("distinct", "note", "a")]) == "passed"
    assert state_of("distinct", [finding("distinct", "note", "a")]) == "not shown"
    assert state_of("distinct", [finding("distinct", "passed", "a"), finding("distinct", "note")]) == "not shown"
    assert state_of("distinct", [finding("distinct", "warning", "a")]) == "passed"
    assert state_of("distinct", []) == "not shown"


findings = st.lists(
    st.builds(finding, st.sampled_from(TESTS), st.sampled_from(SEVERITIES), st.sampled_from([None, "a", "b"])),
    max_size=20,
)


@given(findings, st.randoms())
@settings(max_examples=50)
def test_the_order_of_findings_changes_no_verdict(found, random):
    mixed = list(found)
    random.shuffle(mixed)
    one, other = verdict("rfm", found, Bars()), verdict("rfm", mixed, Bars())
    assert (one.passed, one.shown, one.failed, one.not_shown) == (
        other.passed,
        other.shown,
        other.failed,
        other.not_shown,
    )
    ranks = [SEVERITIES.index(each.severity) for each in worst_first(found)]
    assert ranks == sorted(ranks)
    assert sum(tally(found).values()) == len(found)


@given(st.floats(0, 1))
@settings(max_examples=100)
def test_a_share_is_never_told_as_none_or_all_when_it_is_neither(share):
    told = percent(share)
    assert told.endswith(" %")
    if 1e-5 < share < 1 - 1e-5:
        assert told not in ("0 %", "100 %")
        assert float(told[:-2]) == pytest.approx(100 * share, rel=0.06, abs=1e-3)


def test_names_are_listed_as_people_do():
    assert listed([]) == ""
    assert listed(["a"]) == "'a'"
    assert listed(["a", "b"]) == "'a' and 'b'"
