from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.models import BuyingModel, discounted_exposure, discounted_purchases

MODEL = BuyingModel("mbg_nbd", 0.5248, 6.1829, 0.8914, 1.6141)
HISTORY = np.array([0, 3, 26]), np.array([0, 20, 30.9]), np.array([38, 30, 31])


def test_without_a_rate_it_is_the_expected_purchases():
    assert discounted_purchases(MODEL, *HISTORY, 52, 0.0, 52) == pytest.approx(
        MODEL.expected_purchases(*HISTORY, 52), rel=1e-12
    )
    assert discounted_exposure(52, 0.0, 52) == 52


def test_it_is_the_sum_over_months_at_mid_month_discount():
    ends = np.array([MODEL.expected_purchases(*HISTORY, 52 * month / 12) for month in range(13)])
    factors = 1.1 ** (-(np.arange(12) + 0.5) / 12)
    assert discounted_purchases(MODEL, *HISTORY, 52, 0.1, 52) == pytest.approx(
        factors @ np.diff(ends, axis=0), rel=1e-9
    )


def test_finer_steps_change_little_and_agree_with_continuous_discounting():
    month, day = (discounted_purchases(MODEL, *HISTORY, 52, 0.1, 52, steps=steps) for steps in (12, 365))
    assert month == pytest.approx(day, rel=1e-4)
    continuous = 52 * (1 - 1 / 1.1) / np.log(1.1)
    assert discounted_exposure(52, 0.1, 52) == pytest.approx(continuous, rel=1e-5)


def test_who_cannot_leave_makes_her_rate_times_the_exposure():
    loyal = BuyingModel("bg_nbd", 0.5, 6.0, 1e-9, 50.0)
    got = discounted_purchases(loyal, *HISTORY, 52, 0.1, 52)
    assert got == pytest.approx(loyal.rate_if_active(*HISTORY) * discounted_exposure(52, 0.1, 52), rel=1e-6)


def test_no_horizon_no_purchases():
    assert discounted_purchases(MODEL, *HISTORY, 0, 0.1, 52).tolist() == [0, 0, 0]
    assert discounted_exposure(0, 0.1, 52) == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ((-1, 0.1, 52, 12), "horizon"),
        ((52, -1.0, 52, 12), "annual rate"),
        ((52, 0.1, 0, 12), "units per year"),
        ((52, 0.1, 52, 0), "steps"),
    ],
)
def test_mistakes_are_named(settings, says):
    with pytest.raises(ModelError, match=says):
        discounted_exposure(*settings)
