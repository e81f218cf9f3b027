from __future__ import annotations

import csv
import datetime as dt
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from smalti.engine.foresight.modelled import told_by_name
from smalti.engine.foresight.renewal import PERIODS, FittedRenewal, RenewalAsked, columns_of_renewal, renewal
from smalti.errors import ModelError
from smalti.facts import DAY
from smalti.models import BackTest, RetentionModel

NOW = int(dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC).timestamp()) * 1_000_000
ASKED = RenewalAsked("renews", "renewal", "signup", "cancelled", "1 month", NOW, "Europe/London")


def instant(text):
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) * 1_000_000


def column(values):
    return pa.chunked_array([pa.array(values, pa.int64())])


def sold(customers=3000, seed=0, now=NOW):
    """Contracts of months that began in the last three years, cancelled on some day within the month that was the last."""
    rng = np.random.default_rng(seed)
    started = now - rng.integers(0, 3 * 365 * 24, customers) * (DAY // 24)
    leaves, luck = rng.beta(0.8, 9.0, customers), rng.random(customers)
    months = np.minimum(np.log(luck) / np.log1p(-leaves), 1e5)
    ended = started + (months * 30.436875 * DAY).astype(np.int64)
    return started.tolist(), [int(end) if end <= now else None for end in ended]


def foretold(started, ended, asked=ASKED, for_whom=None):
    return renewal(asked, column(started), column(ended), for_whom)


def test_running_contracts_are_foretold_and_told():
    started, ended = sold()
    found = foretold(started, ended)
    chance, periods = found.columns["renews"], found.columns["renews" + PERIODS]
    assert list(found.columns) == list(columns_of_renewal("renews"))
    running = np.array([end is None for end in ended])
    assert np.asarray(chance.is_valid()).tolist() == running.tolist()
    values = chance.drop_null().to_numpy()
    assert np.all((values > 0.5) & (values < 1))
    assert np.all(periods.drop_null().to_numpy() <= 12)
    told = found.modelled
    assert told.fitted
    assert "3,000 contracts" in told.sentence
    assert "Chosen is the" in told.sentence
    assert told.window == (min(started), NOW)
    assert told.parameters is not None
    assert told.parameters["period"] == "1 month"
    assert told.backtest is not None
    assert told.backtest.cut_offs[0] < NOW
    assert BackTest.from_dict(told.backtest.to_dict()) == told.backtest
    assert json.loads(json.dumps(told_by_name([told])))["renews"]["what"] == "renewal"


def test_longer_tenure_renews_more_often_and_one_is_scored_as_all_are():
    started, ended = sold()
    found = foretold(started, ended)
    fitted = FittedRenewal.from_dict(json.loads(json.dumps(found.kept["fitted"])))
    for place in range(0, 3000, 37):
        one = fitted.score_one(started[place], ended[place], NOW)
        assert one == {name: values[place].as_py() for name, values in found.columns.items()}
    old, new = (fitted.score_one(NOW - days * DAY)["renews"] for days in (900, 10))
    assert old > new
    with pytest.raises(ModelError, match="found 'June' for started"):
        fitted.score_one("June")
    with pytest.raises(ModelError, match="found version 9, wanted 1"):
        FittedRenewal.from_dict({**fitted.to_dict(), "version": 9})


def test_nothing_after_the_instant_is_seen():
    now = NOW - 200 * DAY
    started, ended = sold()
    then = RenewalAsked("renews", "renewal", "signup", "cancelled", "1 month", now, "Europe/London")
    known = [end if end is not None and end <= now else None for end in ended]
    told = foretold([one if one <= now else None for one in started], known, then)
    # Ends that are known already but lie ahead count as running: the fit is the same, to the last bit.
    seen = foretold(started, ended, then)
    assert seen.kept == told.kept
    assert seen.columns["renews"].equals(told.columns["renews"])


def test_ends_between_occasions_wait_until_those_who_stayed_are_known():
    # All began 45 days ago; a third cancelled after 35 days. Their second occasion is still to come for all.
    ended = [NOW - 10 * DAY, None, None] * 200
    waiting = foretold([NOW - 45 * DAY] * 600, ended)
    assert not waiting.modelled.fitted
    assert "0 of 600 customers have left" in waiting.modelled.sentence
    due = foretold([NOW - 75 * DAY] * 600, [NOW - 40 * DAY, None, None] * 200)
    fitted = due.kept["fitted"]["model"]
    assert fitted["leavers"] == 200
    assert due.columns["renews"].null_count == 200


def test_the_chance_is_calibrated_on_what_came():
    started, ended = sold(20_000, seed=3, now=NOW)
    cut = instant("2026-05-20T12:00:00")
    then = RenewalAsked("renews", "renewal", "signup", "cancelled", "1 month", cut, "UTC")
    known = [end if end is not None and end <= cut else None for end in ended]
    chance = foretold([one if one <= cut else None for one in started], known, then).columns["renews"]
    rows = [place for place in range(20_000) if chance[place].is_valid]
    tenure = np.array([(cut - started[place]) / (30.436875 * DAY) for place in rows])
    due = np.array([started[place] for place in rows]) + (np.floor(tenure) + 1) * 30.436875 * DAY
    stayed = np.array([ended[place] is None or ended[place] >= at for place, at in zip(rows, due, strict=True)])
    foreseen = chance.take(pa.array(rows)).to_numpy()
    for low, high in ((0, 3), (3, 8), (8, 18), (18, 40)):
        part = (tenure >= low) & (tenure < high)
        noise = np.sqrt((foreseen[part] * (1 - foreseen[part])).sum())
        # A customer may have cancelled already in the month that runs, so those who are here stay a little more often.
        gap = stayed[part].sum() - foreseen[part].sum()
        assert -2.5 * noise < gap < 2.5 * noise + 0.5 * (1 - foreseen[part]).sum()


def test_customers_that_cannot_be_are_told_and_left_out():
    started, ended = sold()
    started[:3] = [None, NOW + DAY, NOW - 50 * DAY]
    ended[:4] = [None, None, NOW - 90 * DAY, NOW + 5 * DAY]
    found = foretold(started, ended)
    assert [found.columns["renews"][place].as_py() is None for place in range(4)] == [True, True, True, False]
    assert found.modelled.notes == (
        "score renews: customers without a beginning, so without a contract: 1",
        "score renews: customers whose contract is yet to begin: 1",
        "score renews: customers left out, their contract ending before it begins: 1",
        "score renews: customers whose end is announced, running until then: 1",
    )


def test_a_rule_says_for_whom():
    started, ended = sold()
    for_whom = np.arange(3000) % 2 == 0
    found = foretold(started, ended, for_whom=for_whom)
    assert found.columns["renews"].null_count >= 1500
    alone = foretold(started[::2], ended[::2])
    assert alone.kept == found.kept


def test_too_little_is_said_and_mistakes_are_named():
    none = foretold([NOW - 100 * DAY] * 50, [None] * 50)
    assert none.modelled.sentence.startswith("Renewal is missing for everybody: 0 of 50 customers have left")
    assert none.columns["renews"].null_count == 50
    assert none.columns["renews"].type == pa.float64()
    assert none.kept == {}
    empty = foretold([], [])
    assert len(empty.columns["renews"]) == 0
    with pytest.raises(ModelError, match="signup: found a column of string, wanted instants"):
        renewal(ASKED, pa.chunked_array([["x"]]), column([None]))
    with pytest.raises(ModelError, match="a row for every customer"):
        renewal(ASKED, column([1, 2]), column([None]))
    with pytest.raises(ModelError, match="not a period"):
        foretold([1], [None], RenewalAsked("renews", "renewal", "signup", "cancelled", "1 moth", NOW))


def test_a_year_is_looked_ahead_or_five_periods():
    began = [NOW - day * DAY for day in range(2500)]
    ended = [None if place % 3 else start + 400 * DAY for place, start in enumerate(began)]
    ended = [end if end is not None and end <= NOW else None for end in ended]
    yearly = RenewalAsked("renews", "renewal", "signup", "cancelled", "1 year", NOW)
    found = foretold(began, ended, yearly)
    assert found.kept["fitted"]["horizon"] == 5
    assert found.kept["fitted"]["model"]["unit"] == "year"
    assert RetentionModel.from_dict(found.kept["fitted"]["model"]).occasions >= 5


@pytest.mark.realdata
def test_telco_as_dates():
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "churn" / "telco.csv"
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA does not lead to churn/telco.csv")
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    month = 30.436875 * DAY
    # Telco says how long everyone has been there and who has just left: those left half a month ago, within their last month.
    started = [int(NOW - (int(row["tenure"]) + 0.5) * month) for row in rows]
    gone = [row["Churn"] == "Yes" for row in rows]
    ended = [int(NOW - month) if left else None for left in gone]
    found = foretold(started, ended)
    assert found.modelled.fitted
    model = found.kept["fitted"]["model"]
    assert (model["customers"], model["leavers"]) == (7043, 1869)
    chance = found.columns["renews"].to_numpy(zero_copy_only=False)
    tenure = np.array([int(row["tenure"]) for row in rows])
    at_risk = np.array([(tenure >= occasion).sum() for occasion in range(1, 73)])
    lost = np.array([((tenure == occasion) & gone).sum() for occasion in range(1, 73)])
    for low in range(0, 72, 6):
        stays = np.array([chance[(tenure == one) & ~np.array(gone)].mean() for one in range(low, low + 6)])
        risk, left = at_risk[low : low + 6], lost[low : low + 6]
        assert abs((risk * (1 - stays)).sum() - left.sum()) < 2.5 * np.sqrt(left.sum()) + 1
