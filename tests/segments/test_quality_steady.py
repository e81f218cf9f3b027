"""Segments are durable where members are seen to stay; where nothing is known, nothing is passed."""

import numpy as np

from smalti.segments.quality import Bars, Grouping, state_of
from smalti.segments.quality.steady import durable

BARS = Bars()


def looks(*instants):
    """One grouping per instant: for each segment, who is in it."""
    return [Grouping("mine", ("a", "b")[: len(one)], np.array(one, dtype=bool), exclusive=False) for one in instants]


def judged(seen, days):
    found = durable(seen[-1], seen, days, BARS)
    return state_of("durable", found), {one.segment: one.severity for one in found}


def test_everybody_gone_between_two_looks_a_year_apart_is_no_sign_of_staying():
    here = np.arange(1000) < 500
    seen = looks([here], [~here])
    state, severities = judged(seen, [0.0, 365.0])
    assert state == "not shown"
    assert severities == {None: "note", "a": "note"}


def test_most_staying_is_passed_and_most_leaving_is_failed():
    here = np.arange(1000) < 500
    few_left = here & (np.arange(1000) >= 20)
    assert judged(looks([here], [few_left]), [0.0, 30.0])[0] == "passed"
    most_left = here & (np.arange(1000) >= 450)
    state, severities = judged(looks([here], [most_left]), [0.0, 30.0])
    assert state == "failed"
    assert severities["a"] == "warning"


def test_nobody_seen_to_leave_among_many_lasts_and_among_few_is_not_known():
    many, few = np.arange(1000) < 500, np.arange(1000) < 2
    assert judged(looks([many], [many]), [0.0, 30.0])[0] == "passed"
    assert judged(looks([few], [few]), [0.0, 7.0])[0] == "not shown"


def test_a_small_segment_that_is_not_known_does_not_spoil_the_whole():
    many, few = np.arange(1000) < 500, np.arange(1000) >= 998
    state, severities = judged(looks([many, few], [many, few]), [0.0, 7.0])
    assert state == "passed"
    assert severities == {None: "passed", "a": "passed", "b": "note"}


def test_a_segment_that_had_nobody_before_is_not_known():
    nobody, somebody = np.zeros(1000, dtype=bool), np.arange(1000) < 300
    assert judged(looks([nobody], [somebody]), [0.0, 30.0])[0] == "not shown"
