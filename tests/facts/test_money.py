"""Money is exact: whole minor units in, the same amount out."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import SmaltiError
from smalti.facts import Currency, format_minor, from_minor, to_minor

currencies = st.sampled_from(["GBP", "EUR", "USD", "JPY", "KRW", "BHD", "KWD", "CLF"]).map(Currency)
minors = st.integers(-(2**63), 2**63 - 1)
amounts = st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False, places=6)


@given(minors, currencies)
def test_minor_units_come_back_from_major_ones(minor, currency):
    assert to_minor(from_minor(minor, currency), currency) == minor
    assert to_minor(str(from_minor(minor, currency)), currency) == minor


@given(minors, currencies)
def test_an_amount_in_major_units_has_the_places_of_its_currency(minor, currency):
    amount = from_minor(minor, currency)
    assert -amount.as_tuple().exponent == currency.places
    assert Fraction(amount) * currency.scale == minor


@given(amounts, currencies)
def test_an_amount_is_rounded_to_the_nearest_minor_unit_halves_to_even(amount, currency):
    exact = Fraction(amount) * currency.scale
    minor = to_minor(amount, currency)
    assert abs(minor - exact) <= Fraction(1, 2)
    assert minor == round(exact)


@given(st.integers(-(10**11), 10**11), currencies)
def test_a_float_is_what_it_is_written_as(minor, currency):
    assert to_minor(float(from_minor(minor, currency)), currency) == minor


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [
        ("0.125", "GBP", 12),
        ("0.135", "GBP", 14),
        ("-0.125", "GBP", -12),
        (0.1 + 0.2, "GBP", 30),
        (" 12.34 ", "GBP", 1234),
        ("1e3", "GBP", 100_000),
        ("0.5", "JPY", 0),
        ("1.5", "JPY", 2),
        ("1.0005", "BHD", 1000),
        ("1.2345", "BHD", 1234),
        ("-0", "GBP", 0),
    ],
)
def test_examples_of_rounding(amount, code, minor):
    assert to_minor(amount, Currency(code)) == minor


@pytest.mark.parametrize(
    "amount", ["", "abc", "1,234.50", "£5", "nan", "inf", float("nan"), float("inf"), "1.2.3", True]
)
def test_what_is_no_amount_is_told(amount):
    with pytest.raises(SmaltiError, match=r"not an amount of money: found '.*', wanted a number such as 12\.34"):
        to_minor(amount, Currency("GBP"))


@pytest.mark.parametrize(("code", "places"), [("GBP", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4)])
def test_a_currency_knows_its_places(code, places):
    assert (Currency(code).places, Currency(code).scale) == (places, 10**places)


@pytest.mark.parametrize(("code", "hint"), [("gbp", "GBP"), ("GBq", "GBP"), ("EURO", "EUR")])
def test_an_unknown_currency_gets_its_nearest_code(code, hint):
    with pytest.raises(SmaltiError, match=f"unknown currency: found '{code}', wanted an ISO 4217.*did you mean '.*'"):
        Currency(code)
    if code == "gbp":
        with pytest.raises(SmaltiError, match=f"did you mean '{hint}'"):
            Currency(code)


def test_currencies_are_values():
    assert Currency("GBP") == Currency("GBP")
    assert len({Currency("GBP"), Currency("GBP"), Currency("EUR")}) == 2


@pytest.mark.parametrize(
    ("minor", "code", "whole", "text"),
    [
        (0, "GBP", False, "£0.00"),
        (-123_456_789, "GBP", False, "-£1,234,567.89"),
        (5, "JPY", False, "JP¥5"),
        (1234, "BHD", False, "BHD1.234"),
        (199_99, "GBP", True, "£200"),
        (12.4, "GBP", False, "£0.12"),
    ],
)
def test_money_is_written_for_a_reader(minor, code, whole, text):
    assert format_minor(minor, Currency(code), whole=whole) == text


def test_the_rounding_is_the_decimal_standards():
    halves = [Decimal(n) / 2 for n in range(-9, 10)]
    yen = [to_minor(half, Currency("JPY")) for half in halves]
    assert yen == [int(half.to_integral_value(ROUND_HALF_EVEN)) for half in halves]
