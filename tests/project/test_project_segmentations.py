"""Segmentations and channels of a project: every mistake with its place, or everything made ready."""

from __future__ import annotations

import textwrap

import pytest

from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, ORDERS, RETURNS, Column, Stream, Type
from smalti.project import FILE_NAME, Project, after_facts, parse_project, prepare, segment_of
from smalti.rules import write
from smalti.segments import SegmentDefinition

PEOPLE = Stream(
    CUSTOMERS.name,
    (
        Column("country", Type.TEXT),
        Column("email", Type.TEXT),
        Column("email_consent", Type.BOOLEAN),
        Column("born", Type.INSTANT),
        Column("income", Type.MONEY),
    ),
)
STREAMS = {"orders": Stream("orders", (ORDERS["day"], ORDERS["revenue"])), "returns": RETURNS, "customers": PEOPLE}
HEAD = """sources: {orders: {from: o.csv}}
use: [lifecycle, value_tiers]
segments:
  best: {who: spend_365d > 500, segmentation: by_hand, channels: [email]}
  rest: {who: not spend_365d > 500, segmentation: by_hand}
  top: {who: spend_365d > 900, parent: best, kind: value}
"""


def ready(text: str):
    project, origin = parse_project(HEAD + textwrap.dedent(text), FILE_NAME)
    return prepare(project, STREAMS, origin)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "x: {cross: [lifecycl, value_tiers]}",
            "8:15: segmentation x: nothing of this name to cross: found 'lifecycl'",
        ),
        ("x: {cross: [lifecycl, value_tiers]}", "did you mean 'lifecycle'?"),
        ("x: {cross: [rfm, value_tiers]}", "8:15: segmentation x: nothing of this name to cross: found 'rfm'"),
        ("x: {cross: [x, value_tiers]}", "8:15: segmentation x: a segmentation crossed with itself: found 'x'"),
        ("x: {split: bst, by: [country], outcome: spend_365d}", "8:14: segmentation x: unknown segment: found 'bst'"),
        ("x: {split: bst, by: [country], outcome: spend_365d}", "did you mean 'best'?"),
        ("x: {split: best, by: [contry], outcome: spend_365d}", "8:25: segmentation x: unknown name: found 'contry'"),
        ("x: {split: best, by: [contry], outcome: spend_365d}", "did you mean 'country'?"),
        (
            "x: {split: best, by: [born], outcome: spend_365d}",
            "a type that one cannot split by: found 'born (instant)'",
        ),
        ("x: {split: best, by: [country], outcome: spnd}", "8:44: segmentation x: unknown name: found 'spnd'"),
        (
            "x: {split: best, by: [country], outcome: email}",
            "a type that one cannot take for an outcome: found 'email (text)'",
        ),
        ("x: {split: best, by: [spend_365d], outcome: spend_365d}", "8:25: segmentation x: split by its own outcome"),
        (
            "x: {group: [country], into: 3}",
            "8:15: segmentation x: a type that one cannot group by: found 'country (text)'",
        ),
        ("x: {group: [spend_total, nope], into: 3}", "8:28: segmentation x: unknown name: found 'nope'"),
        ("lifecycle: {about: x}", "8:3: segmentation lifecycle: a framework has this name: found 'lifecycle'"),
        ("lifecycle: {cross: [by_hand, value_tiers]}", "8:3: segmentation lifecycle: a framework has this name"),
        ("by_hand: {cross: [lifecycle, value_tiers]}", "segments that are written one by one have this segmentation"),
        ("by_hnd: {about: x}", "8:3: segmentation by_hnd: a segmentation without segments: found 'by_hnd'"),
        ("by_hnd: {about: x}", "did you mean 'by_hand'?"),
        ("x: {cross: [lifecycle, value_tiers], split: best}", "8:6: segmentations.x: fitted in two ways"),
        ("x: {cross: [lifecycle, value_tiers], at_last: 3}", "8:40: unknown setting: found 'at_last'"),
        ("x: {cross: [lifecycle, value_tiers], at_last: 3}", "did you mean 'at_least'?"),
        ("x: {cross: [lifecycle, value_tiers], at_least: x}", "8:50: segmentations.x.at_least: not a size: found 'x'"),
        ("x: {cross: lifecycle}", "8:14: segmentations.x.cross: wrong value: found 'lifecycle', wanted a list"),
        ("x: {group: [], into: 3}", "8:14: segmentations.x.group: wrong value"),
    ],
)
def test_a_mistake_in_a_segmentation_is_told_with_its_place(line, told):
    with pytest.raises(DefinitionError) as caught:
        ready(f"segmentations:\n  {line}")
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1


def test_segmentations_that_cross_each_other_in_a_circle_are_told():
    with pytest.raises(DefinitionError) as caught:
        ready("segmentations:\n  a: {cross: [b, lifecycle]}\n  b: {cross: [a, lifecycle]}")
    assert "segmentation a: segmentations that cross each other in a circle: found 'a -> b'" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("email: {address: emal, consent: email_consent}", "8:20: channel email: unknown attribute: found 'emal'"),
        ("email: {address: emal, consent: email_consent}", "did you mean 'email'?"),
        ("email: {address: email, consent: email_consnt}", "8:36: channel email: unknown name: found 'email_consnt'"),
        ("email: {address: email, consent: country}", "8:36: channel email: wrong type: found 'text'"),
        ("email: {address: email, consent: email_consent =}", "channel email: the text ends too soon"),
        ("email: {address: email}", "channels.email: by what right a channel is used: found 'neither'"),
        ("email: {address: email, basis: contract}", "channels.email.basis: a lawful basis is said in so many words"),
        (
            "mail: {address: email, consent: email_consent}",
            "segment best: unknown channel: found 'email', wanted one of mail",
        ),
    ],
)
def test_a_mistake_in_a_channel_is_told_with_its_place(line, told):
    with pytest.raises(DefinitionError) as caught:
        ready(f"channels:\n  {line}")
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_parent_must_be_there():
    project, origin = parse_project(HEAD + "  low: {who: spend_365d > 1, parent: bst}\n", FILE_NAME)
    with pytest.raises(
        DefinitionError, match=r"smalti.yml:7:38: segment low: unknown segment: found 'bst', .* 'best'\?"
    ):
        prepare(project, STREAMS, origin)


def test_everything_right_is_made_ready():
    done = ready(
        """
        segmentations:
          twice: {cross: [once, value_tiers], at_least: 10}
          once: {cross: [lifecycle, best]}
          by_hand: {title: Ours, about: made by us, exclusive: true}
          alike: {group: [spend_total, email_consent], into: [2, 4], kind: needs}
          niches: {split: best, by: [country, income], outcome: value_to_come, at_least: 0.1, depth: 3}
        channels:
          email: {address: email, consent: email_consent and country is not missing}
          letter: {address: country, basis: contract; checked by legal 2026-01}
        """
    )
    names = list(done.segmentations)
    assert names == ["lifecycle", "value_tiers", "by_hand", "segments", "once", "alike", "niches", "twice"]
    assert [name for name, one in done.segmentations.items() if one.way] == ["once", "alike", "niches", "twice"]
    assert done.segmentations["by_hand"].title == "Ours"
    assert done.segmentations["lifecycle"].exclusive
    assert [channel.name for channel in done.channels] == ["email", "letter"]
    assert done.channels[0].consent is not None
    assert done.channels[1].consent is None
    work = {one.step: one.about for one in after_facts(done, STREAMS)}
    assert work["segments"].endswith(", and those of once, alike, niches, twice")


def test_a_fitted_rule_is_made_ready_with_the_words_of_the_project():
    done = ready("")
    one = segment_of(done.words, "fit", SegmentDefinition(who="member(best) and income > 12.5"))
    assert write(one.written) == "member(best) and income > 12.5"
    with pytest.raises(DefinitionError, match="segment fit: unknown name: found 'nope'"):
        segment_of(done.words, "fit", SegmentDefinition(who="nope > 5"))


def test_a_project_of_code_holds_the_same():
    given = {"cross": ["lifecycle", "value_tiers"]}
    project = Project(
        name="x", segmentations={"a": given}, channels={"post": {"address": "country", "basis": "by contract"}}
    )
    assert hash(project) == hash(project.model_copy())
    assert project == Project(name="x", segmentations=tuple(project.segmentations), channels=tuple(project.channels))
