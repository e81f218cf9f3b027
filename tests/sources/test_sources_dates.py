from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.facts import parse_instant
from smalti.sources.dates import DateReading, days_of, find_reading, read_dates, to_utc

ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2037, 12, 30)).map(
    lambda moment: moment.replace(microsecond=0, fold=0)
)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def one(text, zone="UTC", **reading):
    read = read_dates(pa.array([text]), DateReading(zone, **reading))
    return int(read.at[0]) if read.readable[0] else None


@given(st.lists(SECONDS, min_size=1), st.sampled_from(ZONES))
def test_every_writing_of_a_moment_is_the_same_instant(moments, zone):
    wanted = [micros(moment.replace(tzinfo=ZoneInfo(zone))) for moment in moments]
    for form in (
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S.000",
        "%Y/%m/%d %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%d %B %Y %H:%M:%S",
        "%d-%b-%Y %I:%M:%S %p",
        "%B %d, %Y %H:%M:%S",
        "%Y%m%d%H%M%S",
    ):
        texts = [moment.strftime(form) for moment in moments]
        read = read_dates(pa.array(texts), DateReading(zone))
        assert read.readable.all(), texts
        assert read.at.tolist() == wanted, form
        assert read_dates(pa.array(texts), DateReading(zone, format=form)).at.tolist() == wanted
    typed = pa.array([moment.replace(tzinfo=None) for moment in moments], pa.timestamp("us"))
    assert read_dates(typed, DateReading(zone)).at.tolist() == wanted


@given(st.lists(SECONDS, min_size=1))
def test_offsets_and_epochs_do_not_depend_on_the_zone(moments):
    wanted = [micros(moment.replace(tzinfo=UTC)) for moment in moments]
    reading = DateReading("Asia/Kathmandu")
    aware = [moment.replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York")).isoformat() for moment in moments]
    assert read_dates(pa.array(aware), reading).at.tolist() == wanted
    for unit in ("s", "ms", "us", "ns"):
        column = pa.array([m.replace(tzinfo=UTC) for m in moments], pa.timestamp("us", "UTC")).cast(
            pa.timestamp(unit, "UTC")
        )
        assert read_dates(column, reading).at.tolist() == wanted
    since_2001 = [value for value in wanted if value > 1e15]
    for size in (1_000_000, 1_000, 1):
        column = pa.array([value // size for value in since_2001], pa.int64())
        assert read_dates(column, reading).at.tolist() == since_2001


@given(st.lists(st.dates(date(1950, 1, 1), date(2090, 12, 31)), min_size=1), st.sampled_from(ZONES))
def test_days_in_numbers_text_and_columns(days, zone):
    wanted = [parse_instant(day.isoformat(), zone) for day in days]
    reading = DateReading(zone)
    assert read_dates(pa.array([int(day.strftime("%Y%m%d")) for day in days]), reading).at.tolist() == wanted
    assert read_dates(pa.array([float(day.strftime("%Y%m%d")) for day in days]), reading).at.tolist() == wanted
    assert read_dates(pa.array([day.isoformat() for day in days]), reading).at.tolist() == wanted
    assert read_dates(pa.array(days, pa.date32()), reading).at.tolist() == wanted
    assert read_dates(pa.array(days, pa.date64()), reading).at.tolist() == wanted
    assert read_dates(pa.array([(day - date(1899, 12, 30)).days for day in days]), reading).at.tolist() == wanted


@given(st.lists(st.integers(0, 2_000_000_000_000_000), min_size=1, max_size=50), st.sampled_from(ZONES))
def test_wall_clocks_agree_with_the_zone_database(local, zone):
    wanted = [parse_instant((datetime(1970, 1, 1) + timedelta(microseconds=m)).isoformat(), zone) for m in local]
    assert to_utc(np.array(local, np.int64), zone).tolist() == wanted


@given(st.lists(st.integers(0, 2_000_000_000_000_000), min_size=1, max_size=50), st.sampled_from(ZONES))
def test_days_are_those_of_the_calendar_on_the_wall(instants, zone):
    wanted = [
        (EPOCH + timedelta(microseconds=m)).astimezone(ZoneInfo(zone)).date() - date(1970, 1, 1) for m in instants
    ]
    assert days_of(pa.array(instants, pa.int64()), zone).to_pylist() == [day.days for day in wanted]


def test_a_time_shown_twice_is_the_earlier():
    assert one("2025-10-26 01:30:00", "Europe/London") == parse_instant("2025-10-26T00:30:00Z")
    assert one("2025-10-26 01:30:00+00:00", "Europe/London") == parse_instant("2025-10-26T01:30:00Z")


@pytest.mark.parametrize(
    "text",
    ["", " ", "n/a", "soon", "2025-02-30", "99/99/2020", "13/13/2020", "12", "abc 5 2020", "2020-01-01 25:00", "1e400"],
)
def test_what_is_no_date(text):
    assert one(text) is None


def test_two_figure_years_and_pm():
    assert one("31/12/99") == parse_instant("1999-12-31")
    assert one("1/2/24") == parse_instant("2024-02-01")
    assert one("1/2/24", day_first=False) == parse_instant("2024-01-02")
    assert one("1/2/2024 12:05 AM") == parse_instant("2024-02-01T00:05:00")


@pytest.mark.parametrize(
    ("texts", "day_first", "decided"),
    [
        (["25/03/2026"], True, True),
        (["03/25/2026"], False, True),
        (["03/04/2026"], True, False),
        (["2026-03-04"], True, False),
    ],
)
def test_contents_decide_between_day_and_month_first(texts, day_first, decided):
    reading = find_reading(texts, DateReading("UTC", decided=False))
    assert (reading.day_first, reading.decided) == (day_first, decided)


@given(st.lists(st.one_of(st.none(), st.text(max_size=20))))
def test_no_text_crashes(texts):
    read = read_dates(pa.array(texts, pa.string()), DateReading("Europe/London"))
    assert not (read.missing & read.readable).any()
    assert (read.at[~read.readable] == 0).all()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True]),
        pa.array([], pa.string()),
        pa.array([None], pa.float64()),
        pa.array([float("nan"), float("inf"), 1e300]),
        pa.array([2**62], pa.timestamp("s")),
        pa.array([-(2**62)], pa.int64()),
    ],
)
def test_any_type_of_column_is_answered(column):
    assert len(read_dates(column, DateReading("UTC")).at) == len(column)
