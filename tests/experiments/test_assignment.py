"""Who is in which arm: the draw, arms, layers, hold-outs, ramps and strata, each by its law."""

import math
from dataclasses import replace
from hashlib import md5
from itertools import combinations, pairwise

import numpy as np
import pyarrow as pa
import pytest
from assignment_worlds import SOME, WHERE, experiments, shares
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from smalti.errors import ModelError
from smalti.experiments.assignment import (
    Arm,
    Experiment,
    HoldOut,
    Layer,
    Stratum,
    assign,
    assign_one,
    bucket,
    check_layers,
    exposures,
    fit_strata,
)
from smalti.facts import TOUCHES, draw_of

IDS = pa.array([f"C{number}" for number in range(10_000)])
TWO = (Arm("none"), Arm("mail"))
FIVE = tuple(Arm(name, weight) for name, weight in zip("abcde", (4, 3, 2, 0.5, 0.5), strict=True))
UNLIKELY = 1e-4
"""A test on fixed numbers cannot fail by chance: it is run once, and holds or doesn't; a broken draw is far below this."""

short_texts = st.text(st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=50)
@given(salt=short_texts.filter(bool), ids=st.lists(short_texts, max_size=20))
def test_a_draw_is_the_first_eight_digits_of_the_digest(salt, ids):
    told = [int(md5(f"{salt}:{one}".encode()).hexdigest()[:8], 16) / 2**32 for one in ids]  # noqa: S324
    assert bucket(salt, ids).tolist() == told
    assert [draw_of(salt, one) for one in ids] == told


def test_texts_of_every_length_are_drawn_as_one_by_one():
    ids = ["x" * length for length in range(140)] + ["\U0001f642" * length for length in range(40)]
    assert bucket("spring", ids[::-1]).tolist() == [draw_of("spring", one) for one in ids[::-1]]


def test_a_draw_that_others_can_check():
    digest = "16afffad"
    assert md5(b"spring:ada").hexdigest()[:8] == digest  # noqa: S324
    assert bucket("spring", ["ada"]).tolist() == [int(digest, 16) / 2**32]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["b", "a"]),
        pa.array(["x", "b", "a"])[1:],
        pa.chunked_array([["b"], ["a"]]),
        pa.array(["b", "a"]).dictionary_encode(),
        np.array(["b", "a"]),
        ("b", "a"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_ids_come_in_any_column_of_text(ids):
    assert bucket("s", ids).tolist() == [draw_of("s", "b"), draw_of("s", "a")]


def test_nobody_is_drawn_where_nobody_is():
    assert bucket("s", []).shape == (0,)
    assert assign(Experiment("x", TWO), []).sizes == {"none": 0, "mail": 0}


@pytest.mark.parametrize(
    ("ids", "wrong"), [([1, 2], "got int64"), (["a", None], "row 1: expected text, found nothing")]
)
def test_ids_that_are_no_text_are_told(ids, wrong):
    with pytest.raises(ModelError, match=wrong):
        bucket("s", ids)


def test_draws_are_uniform_for_every_salt():
    """The p-values of uniform draws are themselves uniform: over 100 salts, of 100 equal ranges each."""
    found = []
    for number in range(100):
        counts = np.bincount((bucket(f"salt {number}", IDS) * 100).astype(np.int64), minlength=100)
        found.append(chisquare(counts).pvalue)
    assert kstest(found, "uniform").pvalue > UNLIKELY
    assert min(found) > UNLIKELY / 10


def test_draws_of_different_salts_are_independent():
    """Cross tables of ten by ten over pairs of 20 salts, neighbours in spelling among them."""
    salts = [f"salt {number}" for number in range(18)] + ["spring", "springs"]
    cells = [(bucket(salt, IDS) * 10).astype(np.int64) for salt in salts]
    expected = [
        np.outer(np.bincount(one, minlength=10), np.bincount(two, minlength=10)).ravel() / len(IDS)
        for one, two in combinations(cells, 2)
    ]
    tables = [np.bincount(10 * one + two, minlength=100) for one, two in combinations(cells, 2)]
    found = [
        chisquare(table, wanted, ddof=18, sum_check=False).pvalue
        for table, wanted in zip(tables, expected, strict=True)
    ]
    assert kstest(found, "uniform").pvalue > UNLIKELY
    assert min(found) > UNLIKELY / 10


def test_arms_have_their_shares_for_every_salt():
    found = []
    for number in range(100):
        sizes = assign(Experiment("x", FIVE, salt=f"s{number}"), IDS).sizes
        found.append(chisquare(list(sizes.values()), np.array(Experiment("x", FIVE).weights) * len(IDS)).pvalue)
    assert kstest(found, "uniform").pvalue > UNLIKELY
    assert min(found) > UNLIKELY / 10


def test_assigning_some_or_in_another_order_changes_nobody():
    whole = assign(Experiment("x", FIVE), IDS)
    some = np.random.default_rng(0).permutation(len(IDS))[:500]
    assert assign(Experiment("x", FIVE), IDS.take(pa.array(some))).arm.tolist() == whole.arm[some].tolist()


@settings(max_examples=30, deadline=None)
@given(one=experiments())
def test_one_by_one_is_as_all_at_once(one):
    many = assign(one, SOME, WHERE)
    for place, (customer, stratum) in enumerate(zip(SOME, WHERE, strict=True)):
        arm, chance = assign_one(one, customer, stratum)
        assert arm == (None if many.arm[place] < 0 else many.arms[many.arm[place]])
        assert chance == many.probability[place] or (math.isnan(chance) and math.isnan(many.probability[place]))


@settings(max_examples=30, deadline=None)
@given(one=experiments(), ramp=shares)
def test_raising_the_ramp_adds_and_moves_nobody(one, ramp):
    less, more = sorted([one.ramp, ramp])
    before, after = (assign(replace(one, ramp=share), SOME, WHERE).arm for share in (less, more))
    assert (after[before >= 0] == before[before >= 0]).all()


def test_a_ramp_reaches_its_share_of_every_arm():
    found = []
    for number in range(60):
        one = Experiment("x", FIVE, salt=f"s{number}", ramp=0.3)
        sizes = np.array([*assign(one, IDS).sizes.values()])
        told = [*sizes, len(IDS) - sizes.sum()]
        found.append(chisquare(told, [*(np.array(one.weights) * 0.3 * len(IDS)), 0.7 * len(IDS)]).pvalue)
    assert kstest(found, "uniform").pvalue > UNLIKELY


def test_who_is_held_out_is_in_no_arm_of_any_experiment():
    everything, mails = HoldOut(0.1), HoldOut(0.2, "no mail", "mail")
    one, two = (Experiment(name, TWO, hold_outs=(everything, mails)) for name in ("one", "two"))
    other = Experiment("other", (Arm("none"), Arm("letter")), hold_outs=(everything, mails))
    away = bucket("hold_out", IDS) < 0.1
    no_mail = bucket("no mail", IDS) < 0.2
    for experiment, held in [(one, away | no_mail), (two, away | no_mail), (other, away)]:
        found = assign(experiment, IDS)
        assert (found.held_out == held).all()
        assert (found.arm[held] == -1).all()
        assert (found.arm[~held] >= 0).all()
        assert np.isnan(found.probability[held]).all()


def test_experiments_of_one_layer_never_meet_and_of_two_layers_do_independently():
    cuts = [0, 0.3, 0.5, 1]
    apart = [
        Experiment(f"x{number}", TWO, layer=Layer("layer", low, high))
        for number, (low, high) in enumerate(pairwise(cuts))
    ]
    inside = np.array([assign(one, IDS).arm >= 0 for one in apart])
    assert (inside.sum(axis=0) == 1).all()
    assert inside.mean(axis=1) == pytest.approx([0.3, 0.2, 0.5], abs=0.015)
    check_layers(apart)
    other = assign(Experiment("y", TWO, layer=Layer("other layer", 0, 0.5)), IDS).arm >= 0
    table = [int((one & two).sum()) for one in (inside[0], ~inside[0]) for two in (other, ~other)]
    wanted = [share * half * len(IDS) for share in (0.3, 0.7) for half in (0.5, 0.5)]
    assert chisquare(table, wanted).pvalue > UNLIKELY


def test_shares_of_a_layer_that_meet_are_told():
    two = [Experiment("a", TWO, layer=Layer("x", 0, 0.6)), Experiment("b", TWO, layer=Layer("x", 0.5, 1))]
    with pytest.raises(
        ModelError, match=r"layer 'x': found 'a' up to 0\.6 and 'b' from 0\.5, wanted shares that do not meet"
    ):
        check_layers(two)


@settings(max_examples=20, deadline=None)
@given(one=experiments(), salt=st.integers(0, 1000))
def test_fitted_strata_share_their_customers_out_by_weight(one, salt):
    one = replace(one, ramp=1.0, salt=f"s{salt}")
    fitted = fit_strata(one, SOME, WHERE)
    assert [stratum.name for stratum in fitted.strata] == sorted(stratum.name for stratum in fitted.strata)
    found = assign(fitted, SOME, WHERE)
    for name in {stratum.name for stratum in fitted.strata}:
        here = np.array([stratum == name for stratum in WHERE]) & (found.arm >= 0)
        sizes = np.bincount(found.arm[here], minlength=len(one.arms))
        assert (np.abs(sizes - np.array(one.weights) * here.sum()) < 1 + 1e-9).all()


def test_strata_of_one_customer_favour_no_arm():
    one = [f"stratum {number}" for number in range(3_000)]
    fitted = fit_strata(Experiment("x", FIVE), IDS[: len(one)], one)
    sizes = assign(fitted, IDS[: len(one)], one).sizes
    assert chisquare([*sizes.values()], np.array(fitted.weights) * len(one)).pvalue > UNLIKELY


def test_fitted_cuts_stay_for_newcomers_and_are_short():
    where = pa.array(["FR", "DE"] * (len(IDS) // 2))
    fitted = fit_strata(Experiment("x", FIVE), IDS, where)
    assert all(len(str(cut)) <= 12 for stratum in fitted.strata for cut in stratum.cuts)
    newcomers = pa.array([f"N{number}" for number in range(len(IDS))])
    sizes = np.array([*assign(fitted, newcomers, where).sizes.values()])
    assert sizes / len(IDS) == pytest.approx(fitted.weights, abs=0.025)


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: Arm("a", 0), "arm 'a': found the weight 0, wanted one above 0"),
        (lambda: Arm(""), "found an arm without a name"),
        (lambda: Layer("x", 0.5, 0.5), "layer 'x': found the share 0.5 to 0.5"),
        (lambda: Layer(""), "layer: found no name"),
        (lambda: HoldOut(1), "hold-out 'hold_out': found the share 1"),
        (lambda: HoldOut(0.1, ""), "hold-out: found no salt"),
        (lambda: Experiment("", TWO), "found no name"),
        (lambda: Experiment("x", TWO[:1]), "arms: found none, wanted two or more"),
        (lambda: Experiment("x", TWO + TWO), "arms: found none, mail, none, mail, wanted"),
        (lambda: Experiment("x", TWO, ramp=0), "ramp: found 0, wanted a share above 0 up to 1"),
        (lambda: Experiment("x", TWO, "mial"), "arm: found 'mial', wanted one of none, mail; did you mean 'mail'"),
        (lambda: Experiment("x", TWO, layer=Layer("x")), "found the salt 'x' twice"),
        (lambda: Experiment("hold_out", TWO, hold_outs=(HoldOut(0.1),)), "found the salt 'hold_out' twice"),
        (lambda: Experiment("x", TWO, strata=(Stratum("FR", ()),)), "stratum 'FR': found \\(\\), wanted 1 ascending"),
        (lambda: Experiment("x", TWO, strata=(Stratum("FR", (0.5,)),) * 2), "found a stratum twice"),
        (lambda: assign(Experiment("x", TWO), SOME, WHERE[:5]), "strata: expected 200 rows"),
        (lambda: exposures(assign(Experiment("x", TWO), SOME), 0, cost={"mial": 5}), "did you mean 'mail'"),
    ],
)
def test_what_is_wrong_is_told(make, wrong):
    with pytest.raises(ModelError, match=wrong):
        make()


def test_exposures_are_touches_of_everybody_in_the_experiment():
    found = assign(Experiment("x", (Arm("none"), Arm("mail", 3)), ramp=0.5, hold_outs=(HoldOut(0.1),)), IDS)
    told = exposures(found, 1_000, channel="email", cost={"mail": 35})
    assert told.schema == TOUCHES.schema()
    inside = np.flatnonzero(found.arm >= 0)
    assert told["customer_id"].to_pylist() == [IDS[int(place)].as_py() for place in inside]
    rows = told.to_pylist()
    assert {(row["at"], row["channel"], row["experiment"], row["variant"]) for row in rows} == {
        (1_000, "email", "x", None)
    }
    assert {(row["arm"], row["treatment"], row["probability"], row["cost"]) for row in rows} == {
        ("none", "none", 0.25, 0),
        ("mail", "mail", 0.75, 35),
    }


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: bucket("", ["C1"]), "salt: found none"),
        (lambda: bucket("x", "C1"), "expected several, got the one text 'C1'"),
        (lambda: bucket("x", ["\ud800"]), "customer ids: expected text, got .*surrogates"),
        (lambda: bucket("x", np.array(["C1", np.nan], dtype=object)), "row 1: expected text, found nothing"),
        (lambda: assign(Experiment("x", (Arm("a"), Arm("b"))), ["C1"], [3]), "strata: expected text"),
        (lambda: fit_strata(Experiment("x", (Arm("a"), Arm("b"))), ["C1"], pa.array([3])), "strata: expected text"),
        (lambda: fit_strata(Experiment("x", (Arm("a"), Arm("b"))), ["C1", "C1"], ["a", "a"]), "each customer once"),
    ],
)
def test_ids_and_strata_that_are_none_are_told(ask, told):
    with pytest.raises(ModelError, match=told):
        ask()


def test_text_is_taken_in_any_layout():
    told = bucket("x", ["C1", "é"]).tolist()
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        assert bucket("x", pa.array(["C1", "é"], pa.string()).cast(kind)).tolist() == told
