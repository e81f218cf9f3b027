"""Dates as people write them, to instants: microseconds since 1970-01-01T00:00:00Z.

Text is read by its distinct values, so a column of a million dates costs what its thousand days cost. A moment without
an offset is one of the project's time zone; where the clock shows it twice, the earlier is meant. A date alone means its
first microsecond there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.facts import DAY, SECOND

_QUARTER = 15 * 60 * SECOND
_EPOCH = datetime(1970, 1, 1)
_TIME = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME)
_NUMERIC = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_DAY_NAME = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?[-/ .]*([A-Za-z]{3,9})\.?[-/ .,]*(\d{4}|\d{2})" + _TIME
)
_NAME_DAY = re.compile(r"(?:[A-Za-z]{3,9},? )?([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2}))?(Z|[+-]\d{2}:?\d{2})?")
_DIGITS = re.compile(r"-?\d+(?:\.\d+)?")
_MONTHS = {
    name: place
    for place, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_LONG = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "sept",
        "september",
        "october",
        "november",
        "december",
    ]
)
_WHOLE = re.compile(r"(\d{8})\.0+")


@dataclass(frozen=True)
class DateReading:
    """How the dates of a column are to be read.

    Attributes:
        time_zone: Of moments without an offset; an IANA name.
        day_first: Whether 03/04/2026 is the third of April.
        format: A strptime format, tried before all others.
        decided: Whether `day_first` is known, from the contents or from the user, and not assumed.
    """

    time_zone: str
    day_first: bool = True
    format: str | None = None
    decided: bool = True


@dataclass(frozen=True)
class Instants:
    """A column of dates, read.

    Attributes:
        at: Microseconds UTC, int64; 0 where there is none.
        missing: Whether nothing stands there.
        readable: Whether a date stands there.
        timed: Whether any has a time of day other than midnight.
    """

    at: NDArray[np.int64]
    missing: NDArray[np.bool_]
    readable: NDArray[np.bool_]
    timed: bool


def read_dates(column: pa.Array, reading: DateReading) -> Instants:
    """Read a column of any type as instants.

    >>> read = read_dates(pa.array(["1970-01-02", "02/01/1970", "soon", None]), DateReading("UTC"))
    >>> read.at.tolist(), read.readable.tolist()
    ([86400000000, 86400000000, 0, 0], [True, True, False, False])
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _of_timestamps(column, kind, reading.time_zone)
    if pa.types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        return _placed(_filled(days) * DAY, column, reading.time_zone)
    coded = _as_dictionary(column)
    texts = coded.dictionary.to_pylist()
    read = [_instant(text.strip(), reading) if text is not None else None for text in texts]
    local = np.array([value.micros if value else 0 for value in read], np.int64)
    naive = np.array([bool(value and value.naive) for value in read], bool)
    known = np.array([value is not None for value in read], bool)
    blank = np.array([text is None or not text.strip() for text in texts], bool)
    timed = any(value is not None and value.micros % DAY != 0 for value in read)
    instants = np.where(naive, to_utc(np.where(naive, local, 0), reading.time_zone), local)
    absent = ~np.asarray(pc.is_valid(coded.indices))
    places = _filled(coded.indices.cast(pa.int64()))
    if not len(texts):
        return Instants(places, absent, ~absent, timed=False)
    missing = absent | blank[places]
    readable = known[places] & ~missing
    return Instants(np.where(readable, instants[places], 0), missing, readable, timed)


def find_reading(texts: Iterable[str], reading: DateReading) -> DateReading:
    """Decide between day first and month first by the values that leave no doubt.

    >>> find_reading(["03/25/2026"], DateReading("UTC", decided=False)).day_first
    False
    """
    if reading.decided:
        return reading
    day, month = evidence(texts)
    if day == month:
        return reading
    return replace(reading, day_first=day > month, decided=True)


def evidence(texts: Iterable[str]) -> tuple[int, int]:
    """Count the values that can only be day first, and those that can only be month first."""
    day = month = 0
    for text in texts:
        match = _NUMERIC.fullmatch(text.strip())
        if match:
            day += int(match[1]) > 12 >= int(match[3])
            month += int(match[3]) > 12 >= int(match[1])
    return day, month


def is_ambiguous(texts: Iterable[str]) -> bool:
    """Say whether there are dates written so that day and month could be taken for each other."""
    return any(_NUMERIC.fullmatch(text.strip()) for text in texts)


def to_utc(local: NDArray[np.int64], time_zone: str) -> NDArray[np.int64]:
    """Turn microseconds of a wall clock into microseconds UTC; a time shown twice is the earlier one.

    A day that begins and ends with the same offset has it throughout; on the others offsets are looked up for each quarter
    of an hour that occurs.

    >>> to_utc(np.array([0]), "Europe/Paris").tolist()
    [-3600000000]
    """
    if time_zone == "UTC" or not len(local):
        return local
    days, places = _distinct(local // DAY)
    starts = np.array([_offset(int(day) * DAY, time_zone) for day in days], np.int64)
    ends = np.array([_offset((int(day) + 1) * DAY, time_zone) for day in days], np.int64)
    offsets = starts[places]
    changing = np.flatnonzero((starts != ends)[places])
    if len(changing):
        quarters, within = _distinct(local[changing] // _QUARTER)
        found = np.array([_offset(int(quarter) * _QUARTER, time_zone) for quarter in quarters], np.int64)
        offsets[changing] = found[within]
    moved: NDArray[np.int64] = local - offsets
    return moved


def _distinct(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the distinct values and the place of each value among them; by counting where they lie close together."""
    least, most = int(values.min()), int(values.max())
    if most - least > 4 * len(values) + 10_000:
        distinct, places = np.unique(values, return_inverse=True)
        return distinct, places
    there = np.zeros(most - least + 1, bool)
    there[values - least] = True
    return np.flatnonzero(there) + least, (np.cumsum(there) - 1)[values - least]


def days_of(at: pa.Array, time_zone: str) -> pa.Array:
    """Give the calendar day of each instant in a time zone, counted from 1970-01-01.

    >>> late = pa.array([86_399_000_000])
    >>> days_of(late, "UTC").to_pylist(), days_of(late, "Europe/Paris").to_pylist()
    ([0], [1])
    """
    instants = _filled(at)
    if time_zone == "UTC" or not len(instants):
        return pa.array(instants // DAY)
    days, places = _distinct(instants // DAY)
    starts = np.array([_offset_at(int(day) * DAY, time_zone) for day in days], np.int64)
    ends = np.array([_offset_at((int(day) + 1) * DAY, time_zone) for day in days], np.int64)
    offsets = starts[places]
    changing = np.flatnonzero((starts != ends)[places])
    if len(changing):
        quarters, within = _distinct(instants[changing] // _QUARTER)
        found = np.array([_offset_at(int(quarter) * _QUARTER, time_zone) for quarter in quarters], np.int64)
        offsets[changing] = found[within]
    return pa.array((instants + offsets) // DAY)


@lru_cache(maxsize=100_000)
def _offset_at(instant: int, time_zone: str) -> int:
    try:
        moment = (_EPOCH + timedelta(microseconds=instant)).replace(tzinfo=UTC)
        offset = moment.astimezone(ZoneInfo(time_zone)).utcoffset()
    except OverflowError:
        return 0
    return (offset or timedelta()) // timedelta(microseconds=1)


@lru_cache(maxsize=100_000)
def _offset(local: int, time_zone: str) -> int:
    try:
        moment = _EPOCH + timedelta(microseconds=local)
    except OverflowError:
        return 0
    return (moment.replace(tzinfo=ZoneInfo(time_zone)).utcoffset() or timedelta()) // timedelta(microseconds=1)


@dataclass(frozen=True)
class _Moment:
    micros: int
    naive: bool


def _instant(text: str, reading: DateReading) -> _Moment | None:
    """Read one date, or give None."""
    try:
        if reading.format is not None:
            return _of_datetime(datetime.strptime(text, reading.format))
        return _of_digits(text) if _DIGITS.fullmatch(text) else _of_words(text, reading.day_first)
    except (ValueError, OverflowError):
        return None


def _of_datetime(moment: datetime) -> _Moment:
    if moment.tzinfo is None:
        return _Moment((moment - _EPOCH) // timedelta(microseconds=1), naive=True)
    aware = moment.astimezone(UTC).replace(tzinfo=None)
    return _Moment((aware - _EPOCH) // timedelta(microseconds=1), naive=False)


def _of_words(text: str, day_first: bool) -> _Moment | None:
    if match := _ISO.fullmatch(text):
        year, _, month, day, *time = match.groups()
    elif match := _NUMERIC.fullmatch(text):
        first, _, second, year, *time = match.groups()
        day, month = (first, second) if day_first else (second, first)
    elif match := _DAY_NAME.fullmatch(text):
        day, name, year, *time = match.groups()
        month = str(_month(name))
    elif match := _NAME_DAY.fullmatch(text):
        name, day, year, *time = match.groups()
        month = str(_month(name))
    elif match := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second, offset = match.groups()
        time = [hour, minute, second, None, None, offset]
    else:
        return None
    return _moment(_year(year), int(month), int(day), time)


def _moment(year: int, month: int, day: int, time: list[str | None]) -> _Moment:
    hour, minute, second, fraction, half, offset = time
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    micro = int((fraction or "").ljust(6, "0")[:6])
    moment = datetime(year, month, day, hours, int(minute or 0), int(second or 0), micro)
    micros = (moment - _EPOCH) // timedelta(microseconds=1)
    if offset is None:
        return _Moment(micros, naive=True)
    return _Moment(micros - _offset_of(offset), naive=False)


def _offset_of(text: str) -> int:
    if text in ("Z", "UTC", "GMT"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if text[0] == "-" else minutes) * 60 * SECOND


def _of_digits(text: str) -> _Moment | None:
    """Read a bare number: a day such as 20260131, seconds, milli-, micro- or nanoseconds since 1970, an Excel day."""
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    if text.isdigit() and len(text) in (8, 14):
        return _of_words(text[:8] + (" " + text[8:] if len(text) == 14 else ""), day_first=True)
    value = float(text)
    size = abs(value)
    for least, most, unit in ((1e8, 1e11, 1e6), (1e11, 1e14, 1e3), (1e14, 1e17, 1.0), (1e17, 4e18, 1e-3)):
        if least <= size < most:
            exact = int(text) * int(unit) if "." not in text and unit >= 1 else round(value * unit)
            return _Moment(exact, naive=False)
    if 10_000 <= value < 80_000:
        return _Moment(round((value - 25_569) * 86_400_000) * 1_000, naive=True)
    return None


def _month(name: str) -> int:
    if len(name) > 3 and name.lower() not in _LONG:
        raise ValueError
    return _MONTHS.get(name[:3].lower(), 0)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)


def _as_dictionary(column: pa.Array) -> pa.DictionaryArray:
    if not pa.types.is_string(column.type):
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_finite(column), column, None)
            if pc.all(pc.equal(pc.floor(column), column)).as_py() and pc.max(pc.abs(column)).as_py() < 4e18:
                column = column.cast(pa.int64())
        column = column.cast(pa.string())
    return column.dictionary_encode()


def _of_timestamps(column: pa.Array, kind: pa.TimestampType, time_zone: str) -> Instants:
    ticks = _filled(column.cast(pa.int64()))
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[kind.unit]
    absurd = np.abs(ticks) > 8_000_000_000_000 * per_second if kind.unit in ("s", "ms") else np.zeros(len(ticks), bool)
    ticks = np.where(absurd, 0, ticks)
    micros = ticks * (SECOND // per_second) if per_second <= SECOND else ticks // (per_second // SECOND)
    read = _placed(micros, column, "UTC" if kind.tz else time_zone)
    return replace(read, readable=read.readable & ~absurd)


def _placed(local: NDArray[np.int64], column: pa.Array, time_zone: str) -> Instants:
    missing = np.asarray(pc.is_null(column))
    timed = bool((local[~missing] % DAY != 0).any())
    at = np.where(missing, 0, to_utc(local, time_zone))
    return Instants(at, missing, ~missing, timed)


def _filled(column: pa.Array) -> NDArray[np.int64]:
    filled: NDArray[np.int64] = pc.fill_null(column, 0).to_numpy(zero_copy_only=False)
    return filled
