import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import smalti.samples
from smalti.samples.columns import numbered, pounds
from smalti.samples.personas import SEASONS
from smalti.samples.seasons import clock


@given(st.lists(st.integers(0, 10**10), max_size=20), st.integers(1, 8))
def test_numbers_are_written_as_python_writes_them(numbers, width):
    written = numbered(("C", np.array(numbers, dtype=np.int64), width)).to_pylist()
    assert written == [f"C{number:0{width}d}" for number in numbers]


@given(st.lists(st.integers(-(10**12) + 1, 10**12 - 1), max_size=20))
def test_pounds_are_exactly_the_pence(pence):
    written = pounds(np.array(pence, dtype=np.int64)).to_pylist()
    assert [int(amount * 100) for amount in written] == pence


@given(st.sampled_from(SEASONS), st.integers(0, 1_900_000_000), st.integers(1, 400), st.data())
def test_a_clock_never_goes_back_and_keeps_its_bounds(season, start, days, data):
    end = start + days * 86400
    hand = clock(season, start, end)
    drawn = data.draw(st.lists(st.floats(0, 1), min_size=1, max_size=10))
    along = np.sort(np.array(drawn)) * hand.length
    instants = hand.instants(along)
    assert (np.diff(instants) >= 0).all()
    assert start <= instants[0] <= instants[-1] < end
    assert (np.abs(hand.days_at(instants.astype(float)) - along) < 0.02).all()


def test_the_face_of_the_room_is_whole():
    assert smalti.samples.__all__ == [
        "CAMPAIGN_KINDS", "NICHE", "PERSONAS", "TRIAL_KINDS", "TRIGGERS", "Campaign", "Dirt", "Export", "Persona",
        "Planted", "Shop", "Trial", "campaign", "contacts", "order_stream", "shop", "trial", "with_clocks",
        "write_orders_parquet", "write_shop",
    ]  # fmt: skip
    assert all(hasattr(smalti.samples, name) for name in smalti.samples.__all__)
