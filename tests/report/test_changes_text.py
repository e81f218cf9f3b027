"""What changed definitions would do, told: short, the most important first, harmless in a pull request."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from smalti.report import (
    Changes,
    ChannelShift,
    Contacts,
    CutShift,
    Flow,
    Move,
    Redefinition,
    SegmentChange,
    StrategyShift,
    Worth,
    changes_markdown,
    changes_text,
)
from smalti.strategy import Total

NASTY = "a|b`c```\n# *d* <script>_e_</script> @team [x](y) \x1b[31m"


def segment(name="quiet", before=10, entered=3, left=1, **more):
    after = before - left + entered
    given = {
        "entering": Worth(500_00, 800_00),
        "leaving": Worth(100_00, 50_00),
        "entering_examples": ("C1", "C2")[:entered],
        "rests_on": (f"segment {name}",),
    } | more
    return SegmentChange("segments", name, name.capitalize(), before, after, entered, left, before - left, **given)


def changes(**more):
    given = {
        "project": "Shop",
        "against": "run r1",
        "as_of": "2026-06-30",
        "currency": "GBP",
        "time_zone": "UTC",
        "customers": 1_000,
        "moved": 6,
        "moved_segment": 4,
        "moved_strategy": 3,
        "moved_secondary": 2,
        "read_twice": False,
        "definitions": (Redefinition("segments", "quiet", "who", "days_since_order > 90", "days_since_order > 60"),),
        "segments": (segment("calm", entered=1, left=0), segment(), segment("still", entered=0, left=0)),
        "flows": (Flow("segments", True, (), (Move("calm", "quiet", 2), Move(None, "calm", 1)), 990, 3),),
        "strategies": (
            StrategyShift("retain", "Retain", 20, 22, 3, 1, Total(5000, 1000, 9000), Total(6000, 2000, 10000)),
            StrategyShift("onboard", "Onboard", 5, 5, 0, 0, Total(10, 1, 20), Total(10, 1, 20)),
        ),
        "matrix": (Move("retain", "retain", 19), Move("onboard", "retain", 3), Move("retain", "onboard", 1)),
        "gain_before": Total(5010, 1001, 9020),
        "gain_after": Total(6010, 2001, 10020),
        "worth_before": Worth(100_000, 200_000),
        "worth_after": Worth(100_000, 200_000),
        "contacts_before": Contacts(25, 2500),
        "contacts_after": Contacts(27, 2700),
        "channels": (ChannelShift("email", Contacts(2, 20), Contacts(4, 40)),),
        "cuts": (CutShift("the 80th percentile of spend", "£1.00", "£2.00"),),
        "notes": ("Look here.",),
    } | more
    return Changes(**given)


STILL = {
    "moved": 0,
    "moved_segment": 0,
    "moved_strategy": 0,
    "moved_secondary": 0,
    "segments": (segment(entered=0, left=0),),
    "flows": (),
    "strategies": (),
    "matrix": (),
    "gain_after": Total(5010, 1001, 9020),
    "contacts_after": Contacts(25, 2500),
    "channels": (),
    "cuts": (),
    "notes": (),
}


def words(text):
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_terminal_is_told_what_matters_first():
    told = changes_text(changes())
    assert "6 of 1,000 customers (0.6 %) would move: 4 would enter or leave a segment, 3 would change" in words(told)
    assert "Expected gain: £50 (£10 to £90) → £60 (£20 to £100)" in words(told)
    assert "Customers to treat: 25 for £25 → 27 for £27." in words(told)
    assert "as of 30 June 2026; nothing was published" in told
    chapters = re.findall(r"(?m)^(\w[\w ]+)$", told)
    assert chapters == [
        "What is defined differently",
        "Segments",
        "From segment to segment",
        "Strategies",
        "From strategy to strategy",
        "Contacts by channel",
        "Cuts fitted anew",
        "Some of them",
    ]
    assert told.index("Quiet ") < told.index("Calm ")  # more moved
    assert "Still" not in told
    assert "Onboard  5" not in words(told)
    assert "Quiet 10 12 3 1 +£750 segment quiet" in words(told)
    assert "Quiet enter C1, C2" in words(told)
    assert told.endswith("note: Look here.")


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"definitions": ()}, "The definitions are the same: nothing would change for anyone."),
        (
            {"definitions": (Redefinition("segments", "a", "title", None, "A", matters=False),)},
            "Only names and descriptions differ: nothing would change for anyone.",
        ),
        ({}, "The definitions differ, but nothing would change for anyone of 1,000 customers."),
        (
            {"moved_secondary": 1},
            "Nobody of 1,000 customers would enter or leave a segment or change the primary strategy; "
            "1 secondary strategy would change.",
        ),
        (
            {"worth_after": Worth(1, 2)},
            "Nobody of 1,000 customers would enter or leave a segment or change the primary strategy.",
        ),
    ],
)
def test_it_is_said_plainly_when_nobody_moves(more, verdict):
    quiet = changes(**STILL | more)
    for told in (changes_text(quiet), changes_markdown(quiet)):
        assert verdict in told
    assert ("Expected gain" in changes_text(quiet)) == (not quiet.harmless)


def test_only_the_way_it_is_told_is_not_harmless_if_somebody_moves():
    """Facts that were read differently may move people whatever the definitions say."""
    moved = changes(definitions=())
    assert moved.unchanged
    assert not moved.harmless
    assert "nothing would change" not in changes_text(moved)


def test_without_anything_to_compare_with_sizes_are_told():
    new = tuple(replace(one, before=None, entered=one.after, left=0, stayed=0) for one in changes().segments)
    first = changes(**STILL | {"against": None, "definitions": (), "gain_before": None, "segments": new})
    for told in (changes_text(first), changes_markdown(first)):
        assert "There is no earlier run, so everything is new" in told
        assert "Quiet" in told
        assert "share" in told


def test_of_a_channel_without_consent_it_is_said_that_none_is_known():
    unknown = (ChannelShift("email", None, None), ChannelShift("post", None, None))
    for told in (changes_text(changes(channels=unknown)), changes_markdown(changes(channels=unknown))):
        assert "Contacts by channel" in told
        assert "email, post: nobody's consent is known, so nobody is counted" in told
    newly = (ChannelShift("email", None, Contacts(4, 40)), ChannelShift("post", None, None))
    assert "email no consent known 4 for £0.40" in words(changes_text(changes(channels=newly)))
    still = changes_text(changes(**STILL | {"channels": unknown}))
    assert "nothing would change" in still
    assert "Contacts by channel" not in still


def test_a_channel_that_reaches_others_is_not_nothing():
    told = changes_text(changes(**STILL | {"channels": (ChannelShift("email", Contacts(4, 40), Contacts()),)}))
    assert "nothing would change" not in told
    assert "Contacts by channel" in told


def test_new_gone_and_renamed_segments_are_called_so():
    parts = (
        replace(segment("one"), before=None),
        replace(segment("two"), after=None),
        segment("three", entered=0, left=0, formerly="drei"),
    )
    told = changes_text(changes(segments=parts))
    assert "One (new)" in told
    assert "Two (gone)" in told
    assert "Three (was named drei)" in told


def test_markdown_names_no_customer():
    told = changes_markdown(changes())
    assert "C1" not in told
    assert "C1" in changes_text(changes())


def test_markdown_has_whole_tables():
    told = changes_markdown(changes())
    tables = re.findall(r"(?:^\|.*\|\n)+", told, re.M)
    assert len(tables) == 6
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1
    assert "```diff\n@ segments quiet, who\n- days_since_order > 90\n+ days_since_order > 60\n```" in told


def nasty(many=1):
    return changes(
        project=NASTY,
        against=NASTY,
        definitions=tuple(Redefinition("segments", NASTY, "who", NASTY * 99, NASTY) for _ in range(many)),
        segments=tuple(segment(NASTY, entered=n + 1, entering_examples=(NASTY,) * 5) for n in range(many)),
        flows=tuple(Flow(NASTY, True, (), (Move(NASTY, None, 1),) * many, 0, 1) for _ in range(min(many, 9))),
        strategies=tuple(StrategyShift(NASTY, NASTY, 1, 2, 1, 0, rests_on=(NASTY,) * 9) for _ in range(many)),
        matrix=(Move(NASTY, None, 1),) * many,
        channels=tuple(ChannelShift(NASTY, Contacts(), Contacts(1, n + 1)) for n in range(many)),
        cuts=(CutShift(NASTY, NASTY, None),) * many,
        notes=(NASTY * 9,) * many,
    )


def test_names_cannot_break_out_of_markdown():
    told = changes_markdown(nasty())
    fenced = re.search(r"(?ms)^(`{4,})diff\n(.*?)\n\1$", told)
    assert fenced
    outside = told.replace(fenced[0], "")
    assert "<" not in outside
    assert "@team" not in outside
    assert "\x1b" not in told
    assert not re.search(r"(?<!\\)`", outside)
    assert all(re.match(r"[-+@] ", line) for line in fenced[2].splitlines())
    for line in outside.splitlines():
        assert not line.startswith("# ")
    for table in re.findall(r"(?:^\|.*\|\n)+", outside, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_length_is_bounded_whatever_changes():
    told = changes_markdown(nasty(500))
    assert len(told) < 40_000  # a comment on a pull request holds 65,536 signs
    assert told.count("more not shown") >= 4
    assert len(changes_text(nasty(500)).splitlines()) < 200


def test_the_dict_is_json_with_all_of_it():
    told = json.loads(json.dumps(changes().to_dict(), allow_nan=False))
    assert told["share_moved"] == 0.006
    assert told["definitions"][0]["change"] == "changed"
    assert told["segments"][1]["entering"] == {"value_now": 50_000, "value_to_come": 80_000}
    assert told["flows"][0]["moves"][0] == {"origin": "calm", "target": "quiet", "customers": 2}
    assert told["gain_after"] == {"gain": 6010, "low": 2001, "high": 10020}
    assert told["matrix"][1] == {"origin": "onboard", "target": "retain", "customers": 3}
    assert set(told) == set(vars(changes())) | {"share_moved"}


def test_a_share_of_nobody_is_nothing():
    assert changes(customers=0, moved=0).share_moved == 0.0
