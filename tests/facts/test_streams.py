"""Streams know their columns, and tell the nearest name of one they do not know."""

from __future__ import annotations

import pyarrow as pa
import pytest

import smalti.facts
from smalti.errors import SmaltiError
from smalti.facts import ORDERS, STANDARD_STREAMS, Column, Stream, Type, arrow_type


def test_a_schema_begins_with_the_customer_and_the_instant():
    stream = Stream(
        "answers", (Column("score", Type.INTEGER), Column("paid", Type.MONEY), Column("when", Type.INSTANT))
    )
    assert stream.schema() == pa.schema(
        [
            pa.field("customer_id", pa.string(), nullable=False),
            pa.field("at", pa.int64(), nullable=False),
            pa.field("score", pa.int64()),
            pa.field("paid", pa.int64()),
            pa.field("when", pa.int64()),
        ]
    )


def test_every_type_has_an_arrow_type():
    assert {kind: str(arrow_type(kind)) for kind in Type} == {
        Type.TEXT: "string",
        Type.INTEGER: "int64",
        Type.NUMBER: "double",
        Type.MONEY: "int64",
        Type.BOOLEAN: "bool",
        Type.INSTANT: "int64",
        Type.DURATION: "int64",
    }


def test_a_column_is_found_by_name_or_its_nearest_is_told():
    assert ORDERS["revenue"].type is Type.MONEY
    assert "revenue" in ORDERS
    assert "revenu" not in ORDERS
    with pytest.raises(SmaltiError, match="stream 'orders' has no column 'revenu'; did you mean 'revenue'"):
        ORDERS["revenu"]


def test_standard_streams_are_listed_by_their_names_and_have_no_column_twice():
    for name, stream in STANDARD_STREAMS.items():
        assert stream.name == name
        assert len(set(stream.names)) == len(stream.names)
        assert not {"customer_id", "at"} & set(stream.names)


def test_streams_are_values():
    assert Stream("a", (Column("b", Type.TEXT),)) == Stream("a", (Column("b", Type.TEXT),))
    assert hash(ORDERS) == hash(Stream(ORDERS.name, ORDERS.columns, ORDERS.about))


def test_the_face_promises_what_is_there():
    assert len(set(smalti.facts.__all__)) == len(smalti.facts.__all__)
    assert all(hasattr(smalti.facts, name) for name in smalti.facts.__all__)
