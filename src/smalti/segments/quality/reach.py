"""Can the members be reached? Only with an address and consent for one channel at least; unknown consent is no consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, listed, percent, unshown
from smalti.segments.quality.grouping import Booleans, Grouping
from smalti.segments.quality.intervals import Estimate, wilson


@dataclass(frozen=True, eq=False)
class Channel:
    """Whom one channel reaches.

    Attributes:
        name: The channel's name.
        address: Whether each of n customers has what the channel finds her by.
        consented: Whether her consent is known and given, or a lawful basis stands for it; None where no consent is
        known at all.
    """

    name: str
    address: Booleans
    consented: Booleans | None

    @property
    def reaches(self) -> Booleans:
        """Whom it may be used for: nobody where no consent is known."""
        return np.zeros_like(self.address) if self.consented is None else self.address & self.consented


@dataclass(frozen=True)
class Reach:
    """How many members of a segment can be reached.

    Attributes:
        segment: The segment.
        any: Share reached by one channel at least.
        channels: Share reached by each channel.
    """

    segment: str
    any: Estimate
    channels: Mapping[str, Estimate]


def reaches(grouping: Grouping, channels: Mapping[str, Booleans]) -> list[Reach]:
    """Estimate the share of each segment that is reached, with Wilson intervals.

    Args:
        grouping: The segmentation of n customers.
        channels: Whom each channel may be used for, n values each.

    >>> one = Grouping.from_labels("tiers", ["all"], np.zeros(4, dtype=np.int64))
    >>> reaches(one, {"email": np.array([True, False, True, True])})[0].any.value
    0.75
    """
    reached = np.zeros(grouping.customers, dtype=bool)
    for channel in channels.values():
        reached |= channel
    found = []
    for name, member, size in zip(grouping.segments, grouping.member, grouping.sizes, strict=True):
        shares = {channel: wilson(int((member & who).sum()), int(size)) for channel, who in channels.items()}
        found.append(Reach(name, wilson(int((member & reached).sum()), int(size)), shares))
    return found


def reachable(grouping: Grouping, channels: Mapping[str, Channel], bars: Bars) -> list[Finding]:
    """Tell which segments can be reached, and whether the segmentation can.

    Shares are judged as counted, not by their intervals: of the customers there are now, it is known who is reached, and an
    interval that is wide for want of members must not speak for reach. All members together are judged as well.
    """
    if not any(channel.consented is not None for channel in channels.values()):
        found = (
            "No channel is known." if not channels else "Nobody's consent is known, and unknown consent is no consent."
        )
        advice = "Say under `channels` by which address and with whose consent customers are reached."
        return [unshown("reachable", grouping.name, found, advice)]
    measured = reaches(grouping, {name: channel.reaches for name, channel in channels.items()})
    shares = np.array([one.any.value for one in measured])
    passing = shares >= bars.least_reach
    held, members = grouping.held_by(passing), int(grouping.sizes.sum())
    altogether = float(shares @ grouping.sizes) / members if members else 0.0
    lacking = [
        one.segment for one, well, size in zip(measured, passing, grouping.sizes, strict=True) if size and not well
    ]
    severity: Severity = "passed" if held >= bars.whole and altogether >= bars.least_reach else "fail"
    text = f"{percent(altogether)} of all members can be reached; segments that can hold {percent(held)} of them"
    text += f"; too few members are in reach in {listed(lacking)}." if lacking else "."
    advice = "" if severity == "passed" else "Ask for addresses and consent first, or segment those who can be reached."
    measure = "share of members in segments that can be reached"
    whole = Finding("reachable", grouping.name, None, severity, measure, held, None, None, text, advice)
    segments = [
        _told(grouping.name, one, bool(well), bars)
        for one, well, size in zip(measured, passing, grouping.sizes, strict=True)
        if size
    ]
    return [whole, *segments]


def _told(segmentation: str, one: Reach, well: bool, bars: Bars) -> Finding:
    by = ", ".join(f"{name} {percent(share.value)}" for name, share in one.channels.items())
    text = f"{percent(one.any.value)} of the members of '{one.segment}' can be reached ({by})."
    advice = "" if well else f"Fewer than {percent(bars.least_reach)}: ask them for consent before planning anything."
    severity: Severity = "passed" if well else "warning"
    ends = (one.any.value, one.any.low, one.any.high)
    measure = "share of members reached by one channel at least"
    return Finding("reachable", segmentation, one.segment, severity, measure, *ends, text, advice)
