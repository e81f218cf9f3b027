from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.sources.amounts import (
    decimal_sign,
    exact_product_total,
    exact_total,
    plain_amount,
    product_to_minor,
    read_amounts,
    to_minor,
)

AMOUNTS = st.decimals(min_value=-(10**7), max_value=10**7, places=2, allow_nan=False, allow_infinity=False)
FINE = st.decimals(min_value=-(10**5), max_value=10**5, places=8, allow_nan=False, allow_infinity=False)
FLOATS = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def rounded(value: Decimal, places: int = 2) -> int:
    return int((value * 10**places).to_integral_value(ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("12.34", ".", "12.34"),
        ("£1,234.50", ".", "1234.50"),
        ("$ 5", ".", "5"),
        ("-$5.00", ".", "-5.00"),
        ("$-5.00", ".", "-5.00"),
        ("(7.25)", ".", "-7.25"),
        ("7.25-", ".", "-7.25"),
        ("EUR 10", ".", "10"),
        ("10 kr", ".", "10"),
        ("1.234,56 €", ",", "1234.56"),
        ("1 234,56", ",", "1234.56"),
        ("1\u00a0234,56", ",", "1234.56"),
        ("1'234.50", ".", "1234.50"),
        ("12,34,567.8", ".", "1234567.8"),
        ("\u22123.50", ".", "-3.50"),
        (".5", ".", ".5"),
        ("n/a", ".", None),
        ("12 apples", ".", None),
        ("1.2.3", ".", None),
        ("1,5", ".", None),
        ("--", ".", None),
        ("", ".", None),
        ("EUR", ".", None),
        ("12%", ".", None),
    ],
)
def test_amounts_as_people_write_them(text, decimal, plain):
    assert plain_amount(text, decimal) == plain


@given(st.lists(AMOUNTS, min_size=1))
def test_every_writing_gives_the_same_minor_units(values):
    wanted = [rounded(value) for value in values]
    writings = {
        "plain": [f"{value:f}" for value in values],
        "grouped": [f"{value:,f}" for value in values],
        "pounds": [f"£{value:,f}" for value in values],
        "brackets": [f"({-value:f})" if value < 0 else f"{value:f}" for value in values],
        "trailing": [f"{-value:f}-" if value < 0 else f"{value:f}" for value in values],
    }
    for texts in writings.values():
        minor, usable = to_minor(read_amounts(pa.array(texts)), 2)
        assert usable.all()
        assert minor.tolist() == wanted
    commas = [f"{value:,f}".translate(str.maketrans(",.", ".,")) for value in values]
    assert to_minor(read_amounts(pa.array(commas), ","), 2)[0].tolist() == wanted
    assert to_minor(read_amounts(pa.array([float(v) for v in values])), 2)[0].tolist() == wanted
    assert to_minor(read_amounts(pa.array(values, pa.decimal128(12, 2))), 2)[0].tolist() == wanted


@given(st.lists(st.one_of(FLOATS, st.sampled_from([0.125, 2.675, 1.005, 0.5, -0.005, 1e-9, 12345.675])), min_size=1))
def test_floats_round_as_their_shortest_decimals(values):
    amounts = read_amounts(pa.array(values, pa.float64()))
    assert to_minor(amounts, 2)[0].tolist() == [rounded(Decimal(repr(value))) for value in values]


@given(st.lists(FINE, min_size=1), st.sampled_from([0, 2, 3]))
def test_fine_text_rounds_half_even(values, places):
    amounts = read_amounts(pa.array([f"{value:f}" for value in values]))
    assert to_minor(amounts, places)[0].tolist() == [rounded(value, places) for value in values]


@given(st.lists(st.tuples(st.integers(-1000, 1000), FINE), min_size=1), st.booleans())
def test_products_are_exact(pairs, whole):
    quantities = [Decimal(q) if whole else Decimal(q) / 8 for q, _ in pairs]
    quantity = read_amounts(pa.array([str(q) for q in quantities]))
    price = read_amounts(pa.array([f"{p:f}" for _, p in pairs]))
    minor, usable = product_to_minor(quantity, price, 2)
    exact = [q * p for q, (_, p) in zip(quantities, pairs, strict=True)]
    assert minor.tolist() == [rounded(value) for value in exact]
    assert exact_product_total(quantity, price, usable) == sum(exact)


@given(st.lists(AMOUNTS))
def test_the_independent_sum_is_exact(values):
    for column in (pa.array([str(v) for v in values], pa.string()), pa.array([float(v) for v in values], pa.float64())):
        amounts = read_amounts(column)
        assert exact_total(amounts, amounts.readable) == sum(values, Decimal(0))


@given(st.lists(st.one_of(st.none(), st.text(max_size=12))))
def test_no_text_crashes_and_what_is_readable_is_no_guess(texts):
    amounts = read_amounts(pa.array(texts, pa.string()))
    minor, usable = to_minor(amounts, 2)
    assert not (amounts.missing & amounts.readable).any()
    assert (minor[~usable] == 0).all()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3], pa.int8()),
        pa.array([2**63 + 5], pa.uint64()),
        pa.array([float("nan"), float("inf"), -float("inf"), 1e300]),
        pa.array([True, None]),
        pa.array([None, None]),
        pa.array([1], pa.timestamp("us")),
        pa.array([Decimal("1.123456789")], pa.decimal128(30, 9)),
    ],
)
def test_any_type_of_column_is_answered(column):
    _, usable = to_minor(read_amounts(column), 2)
    assert len(usable) == len(column)


def test_infinity_and_absurd_amounts_are_not_money():
    _, usable = to_minor(read_amounts(pa.array([np.inf, np.nan, 1e14, 5.0])), 2)
    assert usable.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["1,5", "2,25"], ","),
        (["1.5", "2.25"], "."),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["1,234"], "."),
        ([], "."),
    ],
)
def test_the_decimal_sign_is_seen(texts, sign):
    assert decimal_sign(texts) == sign
