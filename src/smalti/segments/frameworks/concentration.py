"""Where a customer's purchases concentrate: in which category her spend, through which channel her orders.

The names of the categories and channels are data. They are settings, or taken from the facts as of the run's instant - those
that matter most - and kept with the run; from then on every rule is written out over them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from smalti.segments.frameworks.framework import (
    Framework,
    Given,
    Question,
    Row,
    Settings,
    percent,
    plain,
    quoted,
    segments_of,
)
from smalti.segments.frameworks.minimum import Minimum

Text = Annotated[str, Field(min_length=1)]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"named twice: found '{twice}', wanted each name once")
    return names


class ProductAffinitySettings(Settings):
    """Settings of product affinity."""

    categories: tuple[Text, ...] = Field(
        (), description="The categories to reckon shares of; empty takes those with the most revenue as of the run."
    )
    most: int = Field(12, ge=1, le=50, description="How many categories are taken at most where they are not named.")
    min_orders: int = Field(3, ge=1, description="Orders, to tell anything of a customer.")
    leaning: float = Field(
        0.5, gt=0, lt=1, description="Share of spend in the favourite category, 0 to 1, from which: leaning."
    )
    devoted: float = Field(
        0.8, gt=0, le=1, description="Share of spend in the favourite category, 0 to 1, from which: devoted."
    )

    @field_validator("categories")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _each_once(names)

    @model_validator(mode="after")
    def _one_below_the_other(self) -> ProductAffinitySettings:
        if self.leaning >= self.devoted:
            found = f"leaning {plain(self.leaning)}, devoted {plain(self.devoted)}"
            raise ValueError(f"shares in the wrong order: found {found}, wanted leaning below devoted")
        return self

    def question(self, given: Given) -> Question | None:
        """Ask for the categories with the most revenue, where none are named."""
        stream = _lines(given)
        return None if self.categories or stream is None else Question(stream, "category", "revenue", self.most)

    def answered(self, names: Sequence[str]) -> ProductAffinitySettings:
        """Give the settings with these categories."""
        return self.model_copy(update={"categories": tuple(names)})


def _lines(given: Given) -> str | None:
    """Give the stream that tells the category of what was bought: lines of orders, or orders."""
    for stream in ("order_items", "orders"):
        if given.column(stream, "category") is not None and given.column(stream, "revenue") is not None:
            return stream
    return None


def product_affinity(settings: ProductAffinitySettings, given: Given) -> Framework:
    """Tell by the share of spend in the favourite category who is devoted to one, who leans to one, and who buys broadly.

    Spend in categories that are not among those named is kept apart, so that nobody counts as broad whose favourite is merely
    rare. While the categories are not known - in a check before any row is read - who bought of one category only is devoted.
    Each category's share is a trait of its own, such as ``affinity_shoes``. At least 50 customers who bought twice.
    """
    stream = _lines(given)
    spend = f"sum({stream}.revenue, where category is not missing)"
    shares = {
        name: f"sum({stream}.revenue, where category = {quoted(one)}) / {spend}"
        for one, name in zip(settings.categories, trait_names("affinity", settings.categories), strict=True)
    }
    only = f"case when distinct({stream}.category) = 1 then 1.0 end"
    traits = shares | {
        "affinity_share": _largest(list(shares)) if shares else only,
        "affinity_named": " + ".join(shares) if shares else only,
    }
    titles = {name: f"share of spend on {one}" for name, one in zip(shares, settings.categories, strict=True)}
    titles |= {
        "affinity_share": "share of spend in the favourite category",
        "affinity_named": "share of spend in named categories",
    }
    return Framework(
        name="product_affinity",
        about="In which category each customer's spend concentrates",
        kind="behavioural",
        needs=("orders_total", "favourite_category"),
        traits=traits,
        segments=segments_of("product_affinity", "behavioural", _affinities(settings)),
        titles=titles,
        minimum=Minimum(repeat_buyers=50, because="a favourite shows in those who came again"),
        lacking="" if stream is not None else "the revenue of what was bought by category",
    )


def _affinities(settings: ProductAffinitySettings) -> list[Row]:
    least, devoted, leaning = settings.min_orders, plain(settings.devoted), plain(settings.leaning)
    known = f"orders_total >= {least} and affinity_share"
    return [
        Row(
            "affinity_devoted",
            f"{known} >= {devoted}",
            f"at least {percent(settings.devoted)} of their spend in one category",
            "Devoted to one category",
        ),
        Row(
            "affinity_leaning",
            f"{known} >= {leaning} and affinity_share < {devoted}",
            f"at least {percent(settings.leaning)} of their spend in one category",
            "Lean to one category",
        ),
        Row(
            "affinity_broad",
            f"{known} < {leaning} and affinity_named >= 0.5",
            "spend spread over categories",
            "Buy broadly",
        ),
        Row(
            "affinity_elsewhere",
            f"{known} < {leaning} and affinity_named < 0.5",
            "spend mostly in categories too small to be named here",
            "Buy in rare categories",
        ),
        Row(
            "affinity_too_little_to_tell",
            f"orders_total is missing or orders_total < {least} or affinity_share is missing",
            f"fewer than {least} orders, or none of a known category",
            "Category: too little to tell",
        ),
    ]


class ChannelPreferenceSettings(Settings):
    """Settings of channel preference."""

    channels: tuple[Text, ...] = Field(
        (), description="The channels to reckon shares of; empty takes those with the most orders as of the run."
    )
    most: int = Field(8, ge=1, le=50, description="How many channels are taken at most where they are not named.")
    min_orders: int = Field(3, ge=1, description="Orders of known channel, to tell anything of a customer.")
    favourite: float = Field(
        0.7, gt=0, lt=1, description="Share of orders through one channel, 0 to 1, from which it is the favourite."
    )

    @field_validator("channels")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _each_once(names)

    def question(self, given: Given) -> Question | None:
        """Ask for the channels with the most orders, where none are named."""
        there = given.column("orders", "channel") is not None
        return Question("orders", "channel", None, self.most) if there and not self.channels else None

    def answered(self, names: Sequence[str]) -> ChannelPreferenceSettings:
        """Give the settings with these channels."""
        return self.model_copy(update={"channels": tuple(names)})


def channel_preference(settings: ChannelPreferenceSettings, given: Given) -> Framework:
    """Tell who orders through one channel only, who has a favourite, and who uses several.

    While the channels are not known - in a check before any row is read - nobody has a favourite among several.
    At least 50 customers who bought twice.
    """
    least, favourite = settings.min_orders, plain(settings.favourite)
    known = f"channel_known_orders >= {least}"
    counts = [f"count(orders, where channel = {quoted(one)})" for one in settings.channels]
    share = "case when channels_used = 1 then 1.0 end"
    rows = [
        Row("one_channel", f"{known} and channels_used = 1", "every order through the same channel", "One channel"),
        Row(
            "favourite_channel",
            f"{known} and channels_used > 1 and channel_share >= {favourite}",
            f"at least {percent(settings.favourite)} of their orders through one channel",
            "A favourite channel",
        ),
        Row(
            "multi_channel",
            f"{known} and channels_used > 1 and coalesce(channel_share, 0.0) < {favourite}",
            "orders spread over channels",
            "Several channels",
        ),
        Row(
            "channel_too_little_to_tell",
            f"channel_known_orders < {least} or channels_used is missing or channels_used < 1",
            f"fewer than {least} orders of known channel",
            "Channel: too little to tell",
        ),
    ]
    return Framework(
        name="channel_preference",
        about="Through which channels each customer orders",
        kind="behavioural",
        needs=("orders_total", "channels_used"),
        traits={
            "channel_known_orders": "count(orders, where channel is not missing)",
            "channel_share": f"{_largest(counts)} / channel_known_orders" if counts else share,
        },
        segments=segments_of("channel_preference", "behavioural", rows),
        titles={
            "channel_known_orders": "orders of known channel",
            "channel_share": "share of orders through the favourite channel",
        },
        minimum=Minimum(repeat_buyers=50, because="a habit shows in those who came again"),
        lacking="" if given.column("orders", "channel") is not None else "the channel of orders",
    )


def _largest(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"greatest({', '.join(parts)})"


def trait_names(head: str, values: Sequence[str]) -> list[str]:
    """Make names of traits from names that are data, each another.

    >>> trait_names("affinity", ["Home & Garden", "Shoes", "shoes", "Share", "靴"])
    ['affinity_home_garden', 'affinity_shoes', 'affinity_shoes_2', 'affinity_share_2', 'affinity_other']
    """
    taken = {f"{head}_share", f"{head}_named"}
    found = []
    for value in values:
        base = f"{head}_{re.sub(r'[^a-z0-9]+', '_', value.lower()).strip('_') or 'other'}"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        found.append(name)
    return found
