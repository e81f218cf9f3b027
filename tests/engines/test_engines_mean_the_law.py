"""Law 1 on the engines a company may have already: their answers are what the meaning says.

Each engine is asked few but large queries, over many worlds at once; one world at a time is for the engine of the house.
"""

from __future__ import annotations

import unicodedata

import pytest
from language_query import by_query
from language_worlds import World, by_meaning, differences, fitted_in
from many_worlds import by_zone, drawn_worlds, merged

from smalti.facts import Type
from smalti.rules import parse

pytestmark = pytest.mark.slow

WORLDS = 160
AT_ONCE = 30
"""An engine has more columns than the questions of so many worlds need."""
FEW = 12
"""What an engine is asked that takes long to understand a long query."""


@pytest.fixture(scope="module")
def worlds():
    return by_zone(drawn_worlds(WORLDS))


def disagreements(asked, engine):
    fitted = fitted_in(asked)
    return differences(by_meaning(asked, fitted), by_query(asked, fitted, engine))


def test_postgresql_agrees_with_the_meaning(worlds, postgresql):
    for some in worlds.values():
        for first in range(0, len(some), AT_ONCE):
            batch = some[first : first + AT_ONCE]
            assert disagreements(merged(batch, batch[-1].at), postgresql) == []


@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_spark_agrees_with_the_meaning(zone, worlds, spark):
    some = worlds[zone][-FEW:]
    assert disagreements(merged(some, some[-1].at), spark) == []


def test_lower_is_the_same_for_every_letter_that_both_know(engine):
    letters = "".join(
        letter for letter in map(chr, range(1, 0x110000)) if unicodedata.category(letter) not in ("Cn", "Cs")
    )
    words = [letters[start : start + 100] for start in range(0, len(letters), 100)]
    facts = {f"c{number}": {"orders": [{"at": 0, "channel": word}]} for number, word in enumerate(words)}
    asked = World(facts, (), {"word": (parse("lower(last(orders.channel))"), Type.TEXT)}, 0)
    assert disagreements(asked, engine) == []


def test_text_goes_through_whole_and_is_matched_letter_by_letter(engine):
    texts = ["back\\slash", "it's", 'say "hi"', "100%", "two\nlines", "tab\t", "a\U0001f600b", "", " "]
    facts = {f"c{number}": {"orders": [{"at": 0, "channel": text}]} for number, text in enumerate(texts)}
    patterns = ["%\\%", "back\\slash", "a_b", "%\n%", "_", "100%", "%'%", '%"%', ""]
    wanted = {f"fits_{number}": f"last(orders.channel) like {quoted(one)}" for number, one in enumerate(patterns)}
    wanted |= {f"is_{number}": f"last(orders.channel) = {quoted(one)}" for number, one in enumerate(texts)}
    asked = World(facts, (), {name: (parse(text), Type.BOOLEAN) for name, text in wanted.items()}, 0)
    assert disagreements(asked, engine) == []


def test_draws_are_the_same_to_the_last_bit(engine):
    names = [f"c{number}" for number in range(300)] + ["", "o'brien", "back\\slash", "\U0001f642", "e\u0301", "x" * 200]
    salts = ["spring", "Spring", "it's", "back\\slash", "\u00fc\U0001f642", "a:b"]
    wanted = {f"draw_{number}": (parse(f"bucket({quoted(salt)})"), Type.NUMBER) for number, salt in enumerate(salts)}
    wanted["few"] = (parse("bucket('spring') < 0.1 and bucket('it''s') >= 0.5"), Type.BOOLEAN)
    asked = World({name: {"orders": []} for name in names}, (), wanted, 0)
    assert by_query(asked, {}, engine) == by_meaning(asked, {})


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def test_conditions_that_differ_far_behind_their_beginning_are_told_apart(engine):
    words = ["x" * 80 + end for end in ("a", "b", "B")]
    facts = [{"at": 0, "channel": word} for word in (words[0], words[1], words[1], *[words[2]] * 3)]
    wanted = {
        f"n{number}": (parse(f"count(orders, where channel = '{word}')"), Type.INTEGER)
        for number, word in enumerate(words)
    }
    answers = by_query(World({"ada": {"orders": facts}}, (), wanted, 0), {}, engine)
    assert answers == {"ada": {"n0": 1, "n1": 2, "n2": 3}}


def test_one_of_very_many_options_can_be_asked_for(engine):
    options = ", ".join(str(number) for number in range(1, 1500))
    facts = {"ada": {"orders": [{"at": 0, "quantity": 1499}]}, "bob": {"orders": [{"at": 0, "quantity": 1500}]}}
    asked = World(facts, (), {"one": (parse(f"last(orders.quantity) in ({options})"), Type.BOOLEAN)}, 0)
    assert disagreements(asked, engine) == []
