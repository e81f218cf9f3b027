"""Named rules, and who is in them.

- `definitions`: a `SegmentDefinition` as it is written, a `Segment` made ready
- `frameworks`: the standard segmentations, written in the language with fitted cuts
- `membership`: who is a member, as a table
- `profile`: what sets a segment's members apart from everyone else
"""

from smalti.segments.definitions import Segment, SegmentDefinition
from smalti.segments.frameworks import FRAMEWORKS, Framework, standard_framework
from smalti.segments.membership import members_of, membership
from smalti.segments.profile import Contrast, profile, rank

__all__ = [
    "FRAMEWORKS",
    "Contrast",
    "Framework",
    "Segment",
    "SegmentDefinition",
    "members_of",
    "membership",
    "profile",
    "rank",
    "standard_framework",
]
