"""Named rules, and who is in them.

- `definitions`: a `SegmentDefinition` as it is written, a `Segment` made ready
- `segmentations`: a `SegmentationDefinition`, a set of segments written one by one or fitted
- `crossing`: several segmentations crossed, small cells merged; `splitting`, niches within niches
- `channels`: a `ChannelDefinition`, a way to reach customers and the right to use it
- `frameworks`: the standard segmentations, written in the language with fitted cuts
- `membership`: who is a member, as a table
- `effects`: what sets a segment's members apart from everyone else, and how sure that is; `drawing`, who is compared
- `personas`: a segment as somebody to speak to; `individuals`, the people whom it hides
- `spells`: who stayed where from when to when, as run after run saw it; `survival`, how long members stay
"""

from smalti.segments.channels import Channel, ChannelDefinition
from smalti.segments.crossing import Cell, Crossing, Dimension, cross
from smalti.segments.definitions import UNGROUPED, Segment, SegmentDefinition
from smalti.segments.drawing import Drawn, draw
from smalti.segments.effects import Compared, Effect, Part, Spread, effects, measured, same, telling, worded
from smalti.segments.frameworks import (
    FRAMEWORKS,
    Framework,
    Given,
    Question,
    Seen,
    Settings,
    by_default,
    enough,
    standard_framework,
)
from smalti.segments.individuals import Misled, OneForAll, distance, misled, one_for_all, unlike
from smalti.segments.membership import members_of, membership
from smalti.segments.personas import Known, Persona, Plans, Play, RealMember, personas
from smalti.segments.segmentations import SegmentationDefinition
from smalti.segments.spells import Sighting, Spells, Watch, in_order, watch
from smalti.segments.splitting import Criterion, Niche, Splitting, Trial, split
from smalti.segments.survival import HalfLife, Survival, half_life, half_lives, survival

__all__ = [
    "FRAMEWORKS",
    "UNGROUPED",
    "Cell",
    "Channel",
    "ChannelDefinition",
    "Compared",
    "Criterion",
    "Crossing",
    "Dimension",
    "Drawn",
    "Effect",
    "Framework",
    "Given",
    "HalfLife",
    "Known",
    "Misled",
    "Niche",
    "OneForAll",
    "Part",
    "Persona",
    "Plans",
    "Play",
    "Question",
    "RealMember",
    "Seen",
    "Segment",
    "SegmentDefinition",
    "SegmentationDefinition",
    "Settings",
    "Sighting",
    "Spells",
    "Splitting",
    "Spread",
    "Survival",
    "Trial",
    "Watch",
    "by_default",
    "cross",
    "distance",
    "draw",
    "effects",
    "enough",
    "half_life",
    "half_lives",
    "in_order",
    "measured",
    "members_of",
    "membership",
    "misled",
    "one_for_all",
    "personas",
    "same",
    "split",
    "standard_framework",
    "survival",
    "telling",
    "unlike",
    "watch",
    "worded",
]
