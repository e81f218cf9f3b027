"""Recency, frequency, monetary value in equal parts or by fixed cuts, and the groups that the field names."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from pydantic import Field, model_validator

from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, plain, rising, segments_of
from smalti.segments.frameworks.minimum import Minimum

BUYERS = "where orders_total > 0"
PER_BAND = 20
"""Customers wanted in each band, so that the share of one group that does something is known to about a fifth either way."""
Days = Annotated[float, Field(ge=0)]


class RfmSettings(Settings):
    """Settings of RFM; each of the three is scored by quantiles of those who bought, or by fixed cuts where they are given.

    >>> RfmSettings.model_validate({"recency_days": [30, 90, 180]}).bands
    4
    """

    bands: int = Field(5, ge=3, le=10, description="Scores from 1 to this many; one more than there are fixed cuts.")
    recency_days: tuple[Days, ...] = Field(
        (), description="Rising days since the latest order, each the end of a band; empty takes quantiles."
    )
    frequency: tuple[Days, ...] = Field(
        (), description="Rising numbers of orders, each the end of a band; empty takes quantiles."
    )
    monetary: tuple[Days, ...] = Field(
        (),
        description="Rising spend in the project's currency, in major units, each the end of a band; empty: quantiles.",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_many_bands_as_cuts(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "bands" in value:
            return value
        given = next((value[one] for one in ("recency_days", "frequency", "monetary") if value.get(one)), None)
        return value | {"bands": len(given) + 1} if isinstance(given, list | tuple) else value

    @model_validator(mode="after")
    def _cuts_fit(self) -> RfmSettings:
        for name in ("recency_days", "frequency", "monetary"):
            cuts = getattr(self, name)
            if cuts and len(cuts) != self.bands - 1:
                found = f"{len(cuts)} cuts of {name} for {self.bands} bands"
                raise ValueError(f"cuts that do not fit the bands: found {found}, wanted {self.bands - 1} cuts")
            if not rising(cuts):
                raise ValueError(
                    f"cuts of {name} that do not rise: found {list(cuts)}, wanted each above the one before"
                )
        return self


def rfm(settings: RfmSettings, given: Given) -> Framework:
    """Score recency, frequency and monetary value, and name the groups.

    After Hughes, Strategic Database Marketing (1994): each customer is scored on days since the latest order, number of
    orders and spend, in equal parts of those who have bought; the named groups cover every pair of recency and the sum of
    the other two. With other than five bands the same groups are cut at the same shares of the scale. Equal values always
    get equal scores, so bands of few different values are unequal.

    At least 20 buyers to a band and half a year of history are wanted, and a fact in the last 30 days before the as-of instant:
    without the last, recency tells when the file was made. (Klaviyo's RFM asks for 500 customers with an order, 180 days of
    history and an order in the last 30 days.)
    """
    bands = settings.bands
    fitted = not (settings.recency_days and settings.frequency and settings.monetary)
    parts = "fifths" if bands == 5 else f"{bands} parts"
    return Framework(
        name="rfm",
        about=f"Who bought lately, often and much, in {parts} of the customers"
        if fitted
        else "Who bought lately, often and much, by fixed cuts",
        kind="behavioural",
        needs=("days_since_order", "orders_total", "spend_total"),
        traits={
            "rfm_recency": _scored("days_since_order", bands, settings.recency_days, low_is_best=True),
            "rfm_frequency": _scored("orders_total", bands, settings.frequency),
            "rfm_monetary": _scored("spend_total", bands, settings.monetary),
        },
        segments=segments_of("rfm", "behavioural", _groups(bands)),
        titles={
            "rfm_recency": "recency score",
            "rfm_frequency": "frequency score",
            "rfm_monetary": "monetary score",
        },
        minimum=Minimum(
            buyers=PER_BAND * bands if fitted else 0,
            history_days=180,
            silence_days=30,
            because=f"{PER_BAND} buyers to a band, and time enough to have been away",
        ),
    )


def _scored(trait: str, bands: int, cuts: tuple[float, ...], *, low_is_best: bool = False) -> str:
    """Write a score of 1 to `bands`; equal values always get equal scores."""
    fitted = [f"quantile({trait}, {i / bands!r}, {BUYERS})" for i in range(1, bands)]
    bounds = [plain(cut) for cut in cuts] or fitted
    if low_is_best:
        branches = [f"when {trait} <= {bound} then {bands - i}" for i, bound in enumerate(bounds)]
        branches.append(f"when {trait} > {bounds[-1]} then 1")
    else:
        branches = [f"when {trait} > {bound} then {bands - i}" for i, bound in enumerate(reversed(bounds))]
        branches.append(f"when {trait} <= {bounds[0]} then 1")
    return f"case {' '.join(branches)} end"


def _groups(bands: int) -> list[Row]:
    """Name every triple of scores once: the rules of five bands, their bounds at the same shares of the scale."""
    recent, quiet, longest = ceil(0.6 * bands - 1e-9) + 1, int(0.4 * bands + 1e-9), int(0.2 * bands + 1e-9)
    best, good, some, few, slight = (2 + ceil((five - 2) * (bands - 1) / 4 - 1e-9) for five in (9, 7, 6, 5, 4))
    lately, middling = f"rfm_recency >= {recent}", _between("rfm_recency", quiet + 1, recent - 1, 1, bands)
    gone = f"rfm_recency <= {quiet}"

    def value(low: int, high: int) -> str:
        return _between("rfm_frequency + rfm_monetary", low, high, 2, 2 * bands)

    top = 2 * bands
    loyal = f"({lately} and {value(good, best - 1)}) or ({middling} and {value(good, top)})"
    if longest:
        hibernating = f"{_between('rfm_recency', longest + 1, quiet, 1, bands)} and {value(2, some - 1)}"
        lost = f"rfm_recency <= {longest} and {value(2, some - 1)}"
    else:  # too few bands to tell long gone from longest gone, so what is behind them decides
        hibernating, lost = f"{gone} and {value(slight, some - 1)}", f"{gone} and {value(2, slight - 1)}"
    return [
        Row("champions", f"{lately} and {value(best, top)}", "bought lately, often and much"),
        Row("loyal", loyal, "buy often and still do"),
        Row(
            "potential_loyalists",
            f"{lately} and {value(slight, good - 1)}",
            "recent, with some orders or spend behind them",
        ),
        Row("newcomers", f"{lately} and {value(2, slight - 1)}", "recent, with little behind them"),
        Row("need_attention", f"{middling} and {value(few, good - 1)}", "middling, and not seen for a while"),
        Row("about_to_sleep", f"{middling} and {value(2, few - 1)}", "little behind them, and not seen for a while"),
        Row("cannot_lose", f"{gone} and {value(best, top)}", "were among the best, and have gone quiet"),
        Row("at_risk", f"{gone} and {value(some, best - 1)}", "bought well, and have gone quiet"),
        Row("hibernating", hibernating, "little behind them, and long gone"),
        Row("lost", lost, "little behind them, and gone longest"),
        Row(
            "no_order_yet",
            "rfm_recency is missing or rfm_frequency is missing or rfm_monetary is missing",
            "known, but without an order, or without its date or amount",
        ),
    ]


def _between(what: str, low: int, high: int, least: int, most: int) -> str:
    """Write that a score lies from `low` to `high`, as shortly as its own range allows."""
    if high >= most:
        return f"{what} >= {low}"
    if low <= least:
        return f"{what} <= {high}"
    return f"{what} = {low}" if low == high else f"{what} between {low} and {high}"
