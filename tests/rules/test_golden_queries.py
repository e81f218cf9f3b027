"""The text of queries for every engine, kept as files: what changes in it is seen, and read by who knows the engine.

``SMALTI_GOLDEN=write`` writes them anew.
"""

import os
from pathlib import Path

import pytest
import sqlglot
from language_trees import ACCOUNT, SCORES, STREAMS

from smalti.facts import Currency, Type, parse_instant
from smalti.rules import Aggregate, Name, Vocabulary, check, parse, walk
from smalti.rules.needs import Definitions, Derive, Gather, Poll, column_of, column_type, plan
from smalti.rules.query import DIALECTS, Known, derive_query, join_query, people_query, scans

GOLDEN = Path(__file__).parent / "golden"
AT = parse_instant("2026-06-30T12:00:00Z")
TYPES = {"joined": Type.INSTANT, **SCORES}
WORDS = Vocabulary(
    STREAMS, TYPES, Currency("GBP"), segments=["vip"], scores=SCORES, time_zone="Asia/Kathmandu", account=ACCOUNT
)

DEFINITIONS = {
    "last_window": "count(orders, last 90 days, where channel = 'web' and revenue > 10)",
    "this_window": "any(orders, this month)",
    "constant_bounds": "sum(orders.revenue, between start of year - 1 day and now - 30 days)",
    "bounded_by_a_trait": "sum(orders.revenue, after joined)",
    "totals": "sum(orders.weight) + mean(orders.quantity)",
    "mean_of_money": "mean(orders.revenue, last 365 days)",
    "first_and_last": "first(orders.channel) = last(orders.channel) or last(orders.at) > first(orders.due)",
    "nth": "nth(orders.at, 2, where channel = 'web') - nth(orders.at, 1)",
    "most_frequent": "coalesce(most_frequent(orders.channel, last 90 days), most_frequent(orders.channel))",
    "distinct": "distinct(orders.channel, where channel is not missing)",
    "all": "all(orders, where revenue > 10)",
    "followed_by": "any(visits, where followed_by(orders, within 3 days, where channel = its.page))",
    "followed_by_any": "any(visits, where not followed_by(orders, within 2 days))",
    "preceded_by": "count(orders, where not preceded_by(visits, where followed_by(orders)))",
    "calendar": "month(joined) = 5 and weekday(joined) <= 5 and hour(joined) >= 18",
    "anniversary": "days_to_anniversary(joined) <= 7 or years_since(joined) >= 18 or calendar_days_since(joined) = 0",
    "text": "contains(trim(lower(country)), 'u') and length(country) = 2 or ends_with(country, 'k')",
    "like": "country like '%\\%' or country like 'it''s_100%'",
    "draws": "bucket('it''s spring') < 0.1 and bucket('hold_out') >= 0.05",
    "member": "member(vip) and p_alive > 0.5",
    "people": "any_person(count(orders) > 0) and not all_people(p_alive > 0.5)",
    "arithmetic": "abs(joined - now) / 1 day * 0.5 > p_alive / 3 and expected_spend * 0.1 < 5",
    "case": "case when joined is missing then 'new' when days_since(joined) > 90 then 'old' else country end",
}


def statements(text, dialect):
    """Give every query that a run asks for a definition, in order."""
    checked = check(parse(text), WORDS)
    assert not checked.problems, [str(problem) for problem in checked.problems]
    vip = check(parse("count(orders) > 10"), WORDS).node
    definitions = Definitions({"answer": checked.node}, {"vip": vip})
    types = dict(TYPES)
    for step in plan([Name("answer")], definitions, types):
        match step:
            case Gather(aggregates):
                wanted = {column_of(one): one for one in aggregates}
                found = scans(STREAMS, wanted, AT, dialect, Known("customers_so_far", types, {}))
                yield from (scan.query for scan in found)
                parts = {
                    f"part_{number}": {name: wanted[name] for name in scan.columns} for number, scan in enumerate(found)
                }
                kept = tuple(types)
                types |= {name: column_type(one, STREAMS) for name, one in wanted.items()}
                yield join_query("customers_so_far", parts, types, dialect, kept)
            case Derive(needs):
                columns = {column_of(need): definitions.column(need) for need in needs}
                yield derive_query("customers_so_far", types, columns, AT, {}, dialect)
                types |= dict.fromkeys(columns, Type.BOOLEAN)
            case Poll(questions):
                asked = {column_of(one): one for one in questions}
                yield people_query("customers_so_far", types, asked, AT, {}, dialect)
                types |= dict.fromkeys(asked, Type.BOOLEAN)


def told(name, dialect):
    """Give the queries of a definition as one text."""
    return ";\n\n".join(statements(DEFINITIONS[name], dialect)) + ";\n"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_query_is_the_one_kept(name, dialect):
    kept = GOLDEN / dialect / f"{name}.sql"
    text = told(name, dialect)
    if os.environ.get("SMALTI_GOLDEN") == "write":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_kept_can_be_parsed_and_is_of_a_definition(dialect):
    files = sorted((GOLDEN / dialect).glob("*.sql"))
    assert [file.stem for file in files] == sorted(DEFINITIONS)
    for file in files:
        for query in file.read_text(encoding="utf-8").split(";\n"):
            assert not query.strip() or sqlglot.parse_one(query, dialect=dialect) is not None


def test_names_of_columns_are_short_enough_for_every_engine():
    for text in DEFINITIONS.values():
        for node in walk(check(parse(text), WORDS).node):
            if isinstance(node, Aggregate):
                assert len(column_of(node).encode()) < 60
