"""The score `renewal`: of every running contract the chance that it goes on, from when contracts began and ended.

Contracts begin at one instant and may be renewed one period later, two periods later, and so on, by the dates of the
project's time zone. An occasion has been when its day is over. One who has no end, or one after the as-of instant, is
running: she has renewed on every occasion so far, and nobody knows how long she will stay. One who ended between two
occasions did not renew on the later of them; until that has been for everybody who began with her she counts as not yet
known, since those who stay are not known either.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.modelled import Input, Modelled
from smalti.errors import ModelError
from smalti.facts import CUSTOMERS, DAY, Instant, Type
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.retention import (
    Contracts,
    Period,
    RetentionChoice,
    RetentionModel,
    choose_retention,
    contracts,
    local_days,
)

PERIODS = "_periods"
"""What stands behind the name of a score of renewal, in the name of the column with the periods to come."""
LEAST_AHEAD = 5
"""Periods are looked ahead for a year, or for this many where a period is longer."""
ALIKE = (
    "these contracts do not tell how much customers differ in how likely they are to renew, so one is foretold much like "
    "another of the same tenure"
)
"""What is said where a parameter of the model ended on the edge of what is looked through."""
_YEAR_DAYS = 365.0
_NONE = np.iinfo(np.int64).min
_VERSION = 1


@dataclass(frozen=True)
class RenewalAsked:
    """What is foretold.

    Attributes:
        name: The score.
        title: What people call it.
        started: The trait that says when a contract began.
        ended: The trait that says when it ended.
        period: How long until it is renewed each time, such as `1 month`.
        at: The as-of instant.
        zone: The project's time zone.
    """

    name: str
    title: str
    started: str
    ended: str
    period: str
    at: Instant
    zone: str = "UTC"


@dataclass(frozen=True, eq=False)
class Renewals:
    """A score of renewal, made.

    Attributes:
        columns: By name the values of all customers, missing for whoever has no running contract.
        modelled: What a run tells of it.
        kept: By part, what the fitted value is read back from.
    """

    columns: Mapping[str, pa.Array]
    modelled: Modelled
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FittedRenewal:
    """A fitted score of renewal; a plain value that scores any customer.

    Attributes:
        name: The score.
        period: How long a period is, as it was written.
        zone: The time zone by whose dates periods are counted.
        horizon: How many periods ahead are looked at.
        fitted_at: The as-of instant of the fit.
        model: The model.

    Examples:
        >>> model = RetentionModel("beta_geometric", 0.668, 3.806, unit="year")
        >>> fitted = FittedRenewal("renews", "1 year", "UTC", horizon=5, fitted_at=0, model=model)
        >>> {name: round(value, 3) for name, value in fitted.score_one(started=-800 * DAY, at=0).items()}
        {'renews': 0.897, 'renews_periods': 3.82}
    """

    name: str
    period: str
    zone: str
    horizon: int
    fitted_at: Instant
    model: RetentionModel

    def score_one(
        self, started: Instant | None, ended: Instant | None = None, at: Instant | None = None
    ) -> dict[str, float | None]:
        """Score one customer: the same numbers as a run gives, bit for bit; None where no contract is running.

        Args:
            started: When her contract began, microseconds UTC; None where that is unknown.
            ended: When it ended or will end; None where nobody said.
            at: As of when; the instant of the fit if left out.

        Raises:
            ModelError: What was given is not an instant.
        """
        for name, given in (("started", started), ("ended", ended)):
            if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
                raise ModelError(f"score {self.name}: found {given!r} for {name}, wanted microseconds UTC or None")
        begun, over = (np.array([_NONE if one is None else one], dtype=np.int64) for one in (started, ended))
        seen = _seen(begun, over, self.fitted_at if at is None else at, Period.parse(self.period), self.zone)
        chance, ahead = (float(one[0]) for one in self.score(seen.tenure))
        if not seen.running[0]:
            return {self.name: None, self.name + PERIODS: None}
        return {self.name: chance, self.name + PERIODS: ahead}

    def score(self, tenure: Integers) -> tuple[Floats, Floats]:
        """Return the chance to renew next and the periods to come, of running customers by the occasions behind them."""
        return self.model.renewal_chance(tenure), self.model.expected_periods(tenure, self.horizon)

    def to_dict(self) -> dict[str, Any]:
        """Return the score as numbers, texts and lists that JSON keeps without loss."""
        return {
            "version": _VERSION,
            "name": self.name,
            "period": self.period,
            "zone": self.zone,
            "horizon": self.horizon,
            "fitted_at": self.fitted_at,
            "model": self.model.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FittedRenewal:
        """Return the score that `to_dict` gave.

        Raises:
            ModelError: It is stored in a form that this version does not know.
        """
        rest = dict(stored)
        version = rest.pop("version", None)
        if version != _VERSION:
            raise ModelError(f"stored score of renewal: found version {version}, wanted {_VERSION}")
        wanted = {"name", "period", "zone", "horizon", "fitted_at", "model"}
        if rest.keys() != wanted:
            raise ModelError(f"stored score of renewal: found {sorted(rest)}, wanted {sorted(wanted)}")
        return cls(**{**rest, "model": RetentionModel.from_dict(rest["model"])})


@dataclass(frozen=True, eq=False)
class _Seen:
    """Contracts as of an instant, a row per customer.

    Attributes:
        running: Who has a running contract.
        fits: Whose contract can be fitted to.
        tenure: How many occasions to renew there have been; 0 where that cannot be said.
        left: On which of them she did not renew; 0 where she did on all, or it is not known yet.
        notes: How many are left out, and why.
    """

    running: Booleans
    fits: Booleans
    tenure: Integers
    left: Integers
    notes: tuple[str, ...]


def _seen(started: Integers, ended: Integers, at: Instant, period: Period, zone: str) -> _Seen:
    """Read instants, `_NONE` where missing."""
    told, over = started != _NONE, (ended != _NONE) & (ended <= at)
    begun = told & (started <= at)
    backwards = begun & over & (ended < started)
    fits = begun & ~backwards
    start = local_days(np.where(fits, started, at), zone)
    end = local_days(np.where(fits & over, ended, at), zone)
    today = local_days(np.array([at], dtype=np.int64), zone)[0]
    tenure = np.maximum(period.passed(start, np.full_like(start, today - 1)), 0)
    left = np.where(fits & over, period.left_on(start, end), 0)
    left = np.where(left <= tenure, left, 0)
    announced = fits & (ended != _NONE) & ~over
    notes = [
        (int((~told).sum()), "customers without a beginning, so without a contract"),
        (int((told & ~begun).sum()), "customers whose contract is yet to begin"),
        (int(backwards.sum()), "customers left out, their contract ending before it begins"),
        (int(announced.sum()), "customers whose end is announced, running until then"),
    ]
    running = fits & ~over
    return _Seen(running, fits, tenure, left, tuple(f"{what}: {count:,}" for count, what in notes if count))


def renewal(
    asked: RenewalAsked, started: pa.ChunkedArray, ended: pa.ChunkedArray, for_whom: Booleans | None = None
) -> Renewals:
    """Fit how long contracts last as of an instant, and foretell every running one.

    Args:
        asked: What is foretold.
        started: Of every customer when her contract began, microseconds UTC, missing where unknown.
        ended: Of every customer when it ended, missing while it runs.
        for_whom: Which customers it is foretold of and learnt from; all when not given.

    Raises:
        ModelError: The period is none, or the columns are not instants or of different lengths.

    Examples:
        >>> began = pa.chunked_array([[-400 * DAY] * 60])
        >>> over = pa.chunked_array([[DAY * day if day < 0 else None for day in (-370, -330, -200, 0, 0, 0)] * 10])
        >>> found = renewal(RenewalAsked("renews", "renewal", "began", "over", "1 month", at=0), began, over)
        >>> found.columns["renews"].null_count, 0.9 < found.columns["renews"][3].as_py() < 1
        (30, True)
    """
    period = Period.parse(asked.period)
    begun, over = _instants(started, asked.started), _instants(ended, asked.ended)
    if begun.size != over.size or (for_whom is not None and for_whom.size != begun.size):
        raise ModelError(f"score {asked.name}: {asked.started} and {asked.ended} must have a row for every customer")
    seen = _seen(begun, over, asked.at, period, asked.zone)
    chosen = np.ones(begun.size, dtype=np.bool_) if for_whom is None else for_whom
    fits, running = seen.fits & chosen, seen.running & chosen
    try:
        known = contracts(seen.tenure[fits], seen.left[fits])
        choice = choose_retention(known, period, cut_offs=_earlier(asked.at, period))
    except ModelError as error:
        return _nothing(asked, begun.size, str(error), seen.notes)
    fitted = FittedRenewal(asked.name, asked.period, asked.zone, ahead(period), asked.at, choice.model)
    chance, periods = fitted.score(seen.tenure)
    columns = {
        name: pa.array(values, pa.float64(), mask=~running)
        for name, values in ((asked.name, chance), (asked.name + PERIODS, periods))
    }
    window = (int(begun[fits].min()), asked.at)
    modelled = _modelled(asked, fitted, choice, known, window, seen.notes)
    return Renewals(columns, modelled, {"fitted": fitted.to_dict()})


def columns_of_renewal(name: str) -> dict[str, Type]:
    """Give the columns of a score of renewal, with their types.

    >>> list(columns_of_renewal("renews"))
    ['renews', 'renews_periods']
    """
    return {name: Type.NUMBER, name + PERIODS: Type.NUMBER}


def ahead(period: Period) -> int:
    """Give how many periods ahead are looked at: a year of them, or `LEAST_AHEAD` where a period is long.

    >>> [ahead(Period.parse(text)) for text in ("1 month", "1 week", "1 year", "1 day")]
    [12, 52, 5, 365]
    """
    return max(LEAST_AHEAD, math.floor(_YEAR_DAYS / period.days + 0.5))


def _instants(column: pa.ChunkedArray, name: str) -> Integers:
    if not (pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
        raise ModelError(f"{name}: found a column of {column.type}, wanted instants in microseconds")
    return np.asarray(column.cast(pa.int64()).fill_null(_NONE).to_numpy(), dtype=np.int64)


def _earlier(at: Instant, period: Period) -> tuple[Instant, ...]:
    return tuple(at - round(count * period.days) * DAY for count in range(1, 13))


def _modelled(
    asked: RenewalAsked,
    fitted: FittedRenewal,
    choice: RetentionChoice,
    known: Contracts,
    window: tuple[Instant, Instant],
    notes: tuple[str, ...],
) -> Modelled:
    period = Period.parse(asked.period)
    verdict = choice.backtest.verdict if choice.backtest is not None else ""
    sentence = (
        f"The chance to renew for another {period.name}, fitted to {known.customers:,.0f} contracts, "
        f"{known.leavers:,.0f} of them not renewed. {choice.sentence} {verdict}"
    )
    model = fitted.model
    parameters = {**model.to_dict(), "period": asked.period, "horizon": fitted.horizon}
    edge = (ALIKE,) if model.at_bound else ()
    return Modelled(
        asked.name,
        asked.title,
        "renewal",
        fitted=True,
        sentence=sentence.strip(),
        fitted_at=asked.at,
        window=window,
        unit="chance",
        streams=(CUSTOMERS.name,),
        inputs=(Input(asked.started, "number", "days ago"), Input(asked.ended, "number", "days ago")),
        parameters=parameters,
        backtest=choice.backtest,
        notes=tuple(f"score {asked.name}: {note}" for note in (*notes, *edge)),
    )


def _nothing(asked: RenewalAsked, customers: int, why: str, notes: tuple[str, ...]) -> Renewals:
    sentence = f"{asked.title.capitalize()} is missing for everybody: {why.rstrip('.')}."
    modelled = Modelled(
        asked.name,
        asked.title,
        "renewal",
        fitted=False,
        sentence=sentence,
        fitted_at=asked.at,
        unit="chance",
        notes=tuple(f"score {asked.name}: {note}" for note in notes),
    )
    return Renewals({name: pa.nulls(customers, pa.float64()) for name in columns_of_renewal(asked.name)}, modelled)
