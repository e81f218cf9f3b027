"""Who is in no segment, which segments are empty or hold everybody, and who is in two where nobody should be."""

from __future__ import annotations

import numpy as np

from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, Severity, percent
from smalti.segments.quality.grouping import Grouping
from smalti.segments.quality.intervals import wilson


def coverage(grouping: Grouping, bars: Bars) -> list[Finding]:
    """Tell how far a segmentation covers the customers, and which of its segments cannot tell anybody apart.

    >>> one = Grouping.from_labels("tiers", ["high", "low"], np.array([0, 0, -1, -1]))
    >>> [finding.severity for finding in coverage(one, Bars())]
    ['warning', 'warning']
    """
    n = grouping.customers
    outside = wilson(int(grouping.outside.sum()), n)
    told = grouping.exclusive and outside.low > bars.most_outside
    severity: Severity = "warning" if told else "passed"
    text = f"{percent(outside.value)} of {n:,} customers are in no segment."
    advice = "Give them a segment of their own, so that they are seen." if told else ""
    ends = (outside.value, outside.low, outside.high)
    measure = "share of customers in no segment"
    found = [Finding("coverage", grouping.name, None, severity, measure, *ends, text, advice)]
    twice = int((np.count_nonzero(grouping.member, axis=0) > 1).sum())
    if grouping.exclusive and twice:
        text = f"{twice:,} customers are in more than one segment, though nobody should be."
        advice = "Make the rules exclude each other, or say `exclusive: false`."
        measure = "share of customers in more than one segment"
        found.append(Finding("coverage", grouping.name, None, "fail", measure, twice / n, None, None, text, advice))
    for name, size in zip(grouping.segments, grouping.sizes, strict=True):
        if size in (0, n):
            text = f"'{name}' has no members." if size == 0 else f"'{name}' holds everybody."
            advice = "Check its rule; if it is meant, leave the segment out."
            measure, share = "share of customers in the segment", float(size > 0)
            found.append(Finding("coverage", grouping.name, name, "warning", measure, share, None, None, text, advice))
    return found
