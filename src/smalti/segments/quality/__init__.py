"""Whether a segmentation is worth having: tests of arrays and numbers, findings for people, and a verdict.

Everything here is pure: arrays, names and numbers in, frozen values out, the same for the same seed.

- `findings`: a `Finding`, its severity, and the `Verdict` that findings add up to
- `bars`: what is asked of a segmentation, each bar with its reason
- `grouping`: a segmentation as arrays
- `intervals`: intervals for shares, Cliff's delta and shares of money
- `distinct`: how far each segment is set apart from the one most like it; overlap
- `redundant`: segments of any segmentation that say the same
- `substantial`: size, money, and what a test could show
- `reach`: who can be reached, by which channel
- `actionable`: who would be treated differently, and what merging loses
- `relevant`: whether the segments of then tell what came later
- `oversegmented`: how few segments would do
- `niches`: small groups with much of the money that nobody has a segment for
- `coverage`: who is in no segment, which segments are empty
- `agreement`: adjusted Rand index, Jaccard index, best matches
- `stability`: whether the same segments are found again in resamples
- `drift`: half-life of membership, and whether shares have moved
- `steady`: what stability and drift mean for a segmentation; definitions that are out of date
- `settings`: how a project has its segmentations tested
- `gate`: all tests of one segmentation, and its verdict
"""

from smalti.segments.quality.actionable import Alike, Declared, Worth, actionable, worth
from smalti.segments.quality.bars import Bars
from smalti.segments.quality.coverage import coverage
from smalti.segments.quality.distinct import Separation, distinct, overlap, separations
from smalti.segments.quality.findings import (
    SEVERITIES,
    TESTS,
    Finding,
    Severity,
    State,
    Verdict,
    about,
    listed,
    percent,
    state_of,
    tally,
    unshown,
    worst_first,
)
from smalti.segments.quality.gate import Evidence, Later, examine, verdict
from smalti.segments.quality.grouping import ELSE, Grouping, sample
from smalti.segments.quality.intervals import Estimate, money_share, value_per_head, wilson
from smalti.segments.quality.niches import EVERYBODY, Condition, Niche, find_niches, niches
from smalti.segments.quality.oversegmented import Fewer, fewer, oversegmented
from smalti.segments.quality.reach import Channel, Reach, reachable, reaches
from smalti.segments.quality.redundant import Twins, redundant, twins
from smalti.segments.quality.relevant import (
    Contrasted,
    Relevance,
    contrasts,
    explained,
    explained_interval,
    permutation_p,
    relevance,
    relevant,
)
from smalti.segments.quality.settings import QualitySettings
from smalti.segments.quality.steady import Unmet, durable, stable, stale
from smalti.segments.quality.substantial import Power, Substance, power_of, substances, substantial

__all__ = [
    "ELSE",
    "EVERYBODY",
    "SEVERITIES",
    "TESTS",
    "Alike",
    "Bars",
    "Channel",
    "Condition",
    "Contrasted",
    "Declared",
    "Estimate",
    "Evidence",
    "Fewer",
    "Finding",
    "Grouping",
    "Later",
    "Niche",
    "Power",
    "QualitySettings",
    "Reach",
    "Relevance",
    "Separation",
    "Severity",
    "State",
    "Substance",
    "Twins",
    "Unmet",
    "Verdict",
    "Worth",
    "about",
    "actionable",
    "contrasts",
    "coverage",
    "distinct",
    "durable",
    "examine",
    "explained",
    "explained_interval",
    "fewer",
    "find_niches",
    "listed",
    "money_share",
    "niches",
    "overlap",
    "oversegmented",
    "percent",
    "permutation_p",
    "power_of",
    "reachable",
    "reaches",
    "redundant",
    "relevance",
    "relevant",
    "sample",
    "separations",
    "stable",
    "stale",
    "state_of",
    "substances",
    "substantial",
    "tally",
    "twins",
    "unshown",
    "value_per_head",
    "verdict",
    "wilson",
    "worst_first",
    "worth",
]
