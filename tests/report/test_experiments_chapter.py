"""The chapter on experiments: how far each has come, told from what a run keeps of it."""

from __future__ import annotations

import pytest

from smalti.report import page
from smalti.report.experiments import experiments
from smalti.report.matter import Matter

ONE = {
    "name": "spring",
    "title": "Spring <mail>",
    "why": "does it pay",
    "status": "running",
    "starts": "2026-03-01",
    "known": "2026-03-15",
    "within": "14 days",
    "arms": [{"name": "none", "title": "none", "share": 0.5, "customers": 1}],
    "eligible": 1200,
    "held_out": 12,
    "exposed": 900,
    "counted": 300,
    "exposure": "touches",
    "outcomes": [{"effects": [{"words": "mail works."}]}],
    "notes": ["one touch is odd"],
}


def told(**changes):
    (found,) = experiments(Matter({"experiments": [ONE | changes]}, {}))
    return found


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        (
            {},
            "1,200 customers may take part, 12 of them held out. Since 1 March 2026 900 customers were touched. "
            "What came of it within 14 days is known of 300; of the last of them on 15 March 2026. "
            "Which policy is best is told once it is done.",
        ),
        (
            {"name": "hold_out", "exposure": "assignment", "held_out": 0, "counted": 0},
            "1,200 customers may take part. Since 1 March 2026 900 customers were drawn. "
            "What came of it within 14 days is known of 0; of the last of them on 15 March 2026.",
        ),
        ({"status": "planned"}, "1,200 customers may take part, 12 of them held out. It starts on 1 March 2026."),
        ({"starts": None, "held_out": 0}, "1,200 customers may take part. It starts with its first touch."),
        ({"eligible": 0}, "Nobody may take part since 1 March 2026: there is no customer of whom the rule is true."),
        (
            {"counted": 900, "status": "done", "exposure": "assignment", "held_out": 0},
            "1,200 customers may take part. Since 1 March 2026 900 customers were drawn. "
            "What came of it within 14 days is known of all of them.",
        ),
    ],
)
def test_who_takes_part_and_of_how_many_it_is_known(changes, sentences):
    assert told(**changes).ground == sentences


def test_verdicts_and_notes_are_sentences():
    one = told()
    assert (one.verdicts, one.notes, one.why) == (("mail works.",), ("One touch is odd.",), "Does it pay.")
    assert one.arms == (("none", "50\N{NO-BREAK SPACE}%", "1 customer"),)


def test_the_page_has_the_chapter_only_where_there_are_experiments():
    text = page({"project": "Shop", "currency": "GBP", "experiments": [ONE]}, {})
    assert 'href="#experiments"' in text
    assert "Spring &lt;mail&gt;" in text
    assert "#experiments" not in page({"project": "Shop", "currency": "GBP"}, {})
