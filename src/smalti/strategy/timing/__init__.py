"""When to reach a customer: her best channel and hour, quiet hours by her own clock, days that can carry it.

- `clocks`: what the clock on each customer's wall shows, in any number of zones at once
- `quiet`: quiet hours, and the next instant that is none
- `shrinkage`: what few observations of one customer say, held against her segment's and everybody's
- `habits`: at which hour a customer is about, by which channel she answers
- `places`: who gets a place where days have only so many
- `spread`: a day and an hour for every contact that waits
"""

from smalti.strategy.timing.clocks import Clocks, is_zone, local_hours, readings, stretches
from smalti.strategy.timing.habits import Moments, Reach, best_hours, channel_reach
from smalti.strategy.timing.places import accepted, fill
from smalti.strategy.timing.quiet import NEVER, is_quiet, last_allowed, next_allowed, quiet_stretches, week_of
from smalti.strategy.timing.shrinkage import Levels, levels_of, strength_of
from smalti.strategy.timing.spread import ANY_HOUR, NO_PLACE, Queue, spread

__all__ = [
    "ANY_HOUR",
    "NEVER",
    "NO_PLACE",
    "Clocks",
    "Levels",
    "Moments",
    "Queue",
    "Reach",
    "accepted",
    "best_hours",
    "channel_reach",
    "fill",
    "is_quiet",
    "is_zone",
    "last_allowed",
    "levels_of",
    "local_hours",
    "next_allowed",
    "quiet_stretches",
    "readings",
    "spread",
    "strength_of",
    "stretches",
    "week_of",
]
