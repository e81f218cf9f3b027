"""Cards: every sentence from a row, as many as a page can hold, one to a printed page."""

import json
import re
from itertools import pairwise

import pyarrow as pa
from persona_worlds import ALONE, persona_row, personas_of, play

from smalti.report import card, page, tell_card
from smalti.report.matter import Matter
from smalti.report.personas import MOST, apart_words, persona_cards

INFO = {"currency": "GBP"}


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_card_is_told_whole():
    assert plain(tell_card(card(persona_row(), INFO))).split("\n\n") == [
        "Champions (RFM): 200 customers, 20 % of all. Bought lately, often and much.",
        "Money: £200 now (£1.00 each), £400 to come (£2.00 each), £600 at risk (£3.00 each), £800 untapped (£4.00 each).",
        "What sets them apart: Spend in the last year £412.00, others £38.50 (higher in 92 of 100 pairs, 90 to 94); "
        "Days since the latest order 12 days, others 140.5 days (lower in 75 of 100 pairs, 72 to 78); "
        "Favourite channel shop: 62 %, others shop: 21 % (41 points more, 37 to 45; 3.0 times the others).",
        "Typical is C1, 5 % of the way from the middle to the edge: spend in the last year £420.00; "
        "days since the latest order 11 days; favourite channel shop. Her own strategy is Reward, £4.20 expected: buys much.",
        "Untypical is C2, 80 % of the way from the middle to the edge: spend in the last year £4,200.00; "
        "days since the latest order 1 day; favourite channel web. Her own strategy is Reward, £4.20 expected: buys much.",
        "What they need: Reward comes first for 50 %: thank the best. Retain comes second for 50 %: give a good customer a "
        "reason to stay. They answered on wants low prices: yes: 20 %, others yes: 60 % (40 points fewer, 30 to 50; "
        "0.3 times the others).",
        "How to reach them: Email: 150 of 200 may be reached (75 %). Favourite channel: shop for 62 % of them. "
        "Their owner wants them reached by email, post.",
        "What to do: Reward with 100 of them (50 %): £800 expected, £8.00 each. Retain with 50 of them (25 %): £300 expected, "
        "£6.00 each.",
        "What not to do: Leave 50 of them alone (25 %): nothing is expected to pay. Never here: Onboard; it is expected to pay "
        "for nobody. Only as a last resort, since it pays for so few: Migrate (3).",
        "What this hides: 100 of 200 (50 %) are better served by another strategy than Reward, the commonest: with it for all, "
        "£220 of £1,100 expected (20 %) would be lost. The typical spend in the last year, £412.00, is wrong by more than a "
        "factor of two for 22 % (17 % to 28 %). 11 % are unlike the others in at least one number.",
    ]


def test_what_is_not_there_is_not_told():
    bare = {
        "apart": [],
        "answers": [],
        "commonest": [],
        "reach": [],
        "channels": [],
        "misled": [],
        "why": None,
        "kind": None,
    }
    quiet = {"plays": [play(ALONE, 200, 0, 0, "0.00")], "last_resort": [], "never": [], "untypical": None}
    same = {"strategy": "leave_alone", "another_strategy": 0}
    told = plain(tell_card(card(persona_row(**bare, **quiet, **same), INFO)))
    assert "Nothing that we know of sets them apart for sure." in told
    assert "Untypical" not in told and "What they need" not in told
    assert "What to do: Nothing we know is expected to pay for any of them." in told
    assert "We know of no channel" in told
    assert "Leave alone is right for every one of them." in told


def test_the_best_single_strategy_is_told_where_it_is_not_the_commonest():
    found = card(persona_row(best_strategy="retain"), INFO)
    assert found.hides[1] == "Even the best single one, Retain, would lose £220."


def test_a_negative_segment_says_whom_not_to_target_and_a_sample_says_so():
    found = card(persona_row(kind="negative", looked_at=50), INFO)
    assert found.avoid[0].startswith("Do not target them")
    assert "come from 50 of them, drawn at random" in found.hides[-1]


def test_an_effect_that_is_not_sure_of_its_sign_keeps_its_ends_in_order():
    row = {"inside": "3", "effect": -0.02, "low": -0.1, "high": 0.06, "lift": None}
    assert apart_words(row) == "lower in 51 of 100 pairs, 47 to 55"


def test_a_card_is_json():
    found = card(persona_row(), INFO).to_dict()
    assert json.loads(json.dumps(found))["apart"][0]["typical"] == "£420.00"


def test_a_page_holds_so_many_cards_and_says_where_the_others_are(small_run):
    info, tables = small_run
    rows = [persona_row("rfm", f"s{place}") for place in range(MOST + 3)] + [
        persona_row("tiers", "t", 0),
        persona_row("own", "o"),
    ]
    first, second = persona_cards(Matter(info, {"personas": pa.Table.from_pylist(rows)}))
    assert (len(first.cards), len(second.cards)) == (MOST, 0)
    assert first.left_out.startswith("3 more cards would") and second.left_out.startswith("1 more card would")
    bare, full = (page(info, {**tables, "personas": pa.Table.from_pylist(one)}) for one in ([], rows))
    assert len(full) - len(bare) < 6_000 * MOST


def test_a_page_without_personas_says_so(small_run):
    info, tables = small_run
    assert "This run has no personas." in page(info, {name: one for name, one in tables.items() if name != "personas"})


def test_hostile_words_stay_words(hostile):
    row = persona_row(title=hostile[0], why=hostile[1])
    row["typical"] = row["typical"] | {"customer_id": hostile[0], "reason": hostile[2]}
    html = page(INFO, {"personas": pa.Table.from_pylist([row])})
    assert "<script>document" not in html and "{{ 7 * 7 }}" in html
    assert 'onerror="' not in html


def test_headings_go_down_one_step_at_a_time(small_run):
    info, tables = small_run
    html = page(info, {**tables, "personas": personas_of(tables["segments"])})
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
