"""Files of touches: columns by other systems' names, with the types that experiments need, the account whole."""

from __future__ import annotations

import pytest

from smalti.facts import TOUCHES, Currency, Type, parse_instant
from smalti.sources import SourceDefinition, inspect, peek
from smalti.sources.touches import touch_names

SENT = (
    "customer_id,sent_at,Variation ID,experiment_key,propensity,cost,subject,size\n"
    'C1,2026-03-01 09:00,0,7,0.25,"£0.35",Hello,3\n'
    "C2,2026-03-01 09:00,1,7,0.75,,Hello,4\n"
    "C3,2026-03-01 09:00,1,7,,1.00,,5\n"
    ",2026-03-01 09:00,1,7,0.75,1.00,,5\n"
)


def test_what_others_call_their_columns_is_known(reader):
    loaded = reader.load(reader.file("sent.csv", SENT), source="touches")
    stream = loaded.streams["touches"]
    assert {column.name: column.type for column in stream.columns} == {
        "arm": Type.TEXT,
        "experiment": Type.TEXT,
        "probability": Type.NUMBER,
        "cost": Type.MONEY,
        "subject": Type.TEXT,
        "size": Type.INTEGER,
    }
    assert stream["arm"] == TOUCHES["arm"]
    assert stream.about == TOUCHES.about
    assert reader.store.table("touches").to_pylist() == [
        {
            "customer_id": customer,
            "at": parse_instant("2026-03-01T09:00"),
            "arm": arm,
            "experiment": "7",
            "probability": chance,
            "cost": cost,
            "subject": subject,
            "size": size,
        }
        for customer, arm, chance, cost, subject, size in [
            ("C1", "0", 0.25, 35, "Hello", 3),
            ("C2", "1", 0.75, None, "Hello", 4),
            ("C3", "1", None, 100, None, 5),
        ]
    ]
    assert [row["reason"] for row in loaded.set_aside.to_pylist()] == ["no customer"]
    assert {"'Variation ID' was taken for arm", "'propensity' was taken for probability"} <= set(loaded.notes)


def test_a_look_gives_the_same_stream(reader):
    file = reader.file("sent.csv", SENT)
    loaded = reader.load(file, source="touches")
    definition = SourceDefinition(files=(file,))
    assert (
        peek({"touches": definition}, currency=Currency("GBP"), time_zone="UTC", home=reader.folder) == loaded.streams
    )
    guess = inspect(file, home=reader.folder, kind="touches")
    assert (guess.column("customer"), guess.column("at")) == ("customer_id", "sent_at")
    assert guess.sentences()[0].startswith(f"{file}: touches; ")


def test_columns_that_are_named_have_these_names_and_standard_types(reader):
    columns = {"arm": "size", "weight": "propensity"}
    loaded = reader.load(reader.file("sent.csv", SENT), source="touches", columns=columns)
    assert [(column.name, column.type) for column in loaded.streams["touches"].columns] == [
        ("arm", Type.TEXT),
        ("weight", Type.NUMBER),
    ]


def test_money_with_a_comma_is_read_as_money(reader):
    content = "customer;at;cost\na;2026-03-01;1,50\nb;2026-03-02;12,25\n"
    reader.load(reader.file("t.csv", content), source="touches")
    assert reader.store.table("touches")["cost"].to_pylist() == [150, 1225]


def test_what_cannot_be_read_as_an_instant_stays_what_it_is(reader):
    content = "customer,at,opened_at,probability\na,2026-03-01,yes,high\nb,2026-03-02,no,low\n"
    loaded = reader.load(reader.file("t.csv", content), source="touches")
    assert [column.type for column in loaded.streams["touches"].columns] == [Type.BOOLEAN, Type.TEXT]


def test_other_sources_keep_their_names(reader):
    loaded = reader.load(reader.file("sent.csv", SENT), source="visits", at="sent_at", customer="customer_id")
    assert loaded.streams["visits"].names == ("variation_id", "experiment_key", "propensity", "cost", "subject", "size")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["arm", "variation"], {}),
        (["Arm", "variation"], {"Arm": "arm"}),
        (["variation", "group"], {"variation": "arm"}),
        (["Propensity Score", "probability"], {}),
        (["price", "name"], {}),
    ],
)
def test_a_name_is_given_once_to_the_surest(names, found):
    assert touch_names(names) == found


def test_which_contact_it_was_and_what_for(reader):
    sent = "customer_id,sent_at,step number,message category\nC1,2026-03-01,1,service\nC1,2026-03-04,2,\n"
    loaded = reader.load(reader.file("steps.csv", sent), source="touches")
    assert {column.name: column.type for column in loaded.streams["touches"].columns} == {
        "step": Type.INTEGER,
        "purpose": Type.TEXT,
    }
    told = [(row["step"], row["purpose"]) for row in reader.store.table("touches").to_pylist()]
    assert told == [(1, "service"), (2, None)]


def test_what_nobody_has_done_yet_has_the_type_it_will_have(reader):
    sent = "customer_id,sent_at,channel,opened_at,cost,note\nC1,2026-03-01,email,,,\nC2,2026-03-01,email,NULL,,\n"
    file = reader.file("unopened.csv", sent)
    loaded = reader.load(file, source="touches")
    assert {column.name: column.type for column in loaded.streams["touches"].columns} == {
        "channel": Type.TEXT,
        "opened_at": Type.INSTANT,
        "cost": Type.MONEY,
        "note": Type.TEXT,
    }
    assert [row["opened_at"] for row in reader.store.table("touches").to_pylist()] == [None, None]
    looked = peek(
        {"touches": SourceDefinition(files=(file,))}, currency=Currency("GBP"), time_zone="UTC", home=reader.folder
    )
    assert looked == loaded.streams
