"""One customer id is written one way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.facts import customer_key


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (None, None),
        (float("nan"), None),
        (Decimal("NaN"), None),
        ("", None),
        (" \t", None),
        (0, "0"),
        (42, "42"),
        (42.0, "42"),
        (1e16, "10000000000000000"),
        ("42.0", "42"),
        ("42.000", "42"),
        ("-7.0", "-7"),
        ("42.5", "42.5"),
        (42.5, "42.5"),
        ("00042", "00042"),
        ("00042.0", "00042"),
        (" C42\n", "C42"),
        ("v1.0", "v1.0"),
        ("c42", "c42"),
    ],
)
def test_examples(value, key):
    assert customer_key(value) == key


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_one_customer_however_it_came(number):
    assert customer_key(number) == customer_key(float(number)) == customer_key(f"{number}.0") == str(number)


@given(st.text() | st.integers() | st.floats())
def test_a_key_is_its_own_key(value):
    key = customer_key(value)
    assert customer_key(key) == key


@given(st.from_regex(r"[A-Za-z]+[0-9]*", fullmatch=True))
def test_an_ordinary_id_stays_as_it_is(text):
    assert customer_key(text) == text
