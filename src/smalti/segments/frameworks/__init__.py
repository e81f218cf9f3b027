"""The standard segmentations: words that turn into the language.

A framework is a set of traits and segments written as a person would write them, so that everything that holds for rules
holds for them: they are checked, explained, fitted as of an instant and then assigned to one customer by comparison alone.
Their segments are exclusive and leave nobody out; of whom there is too little to tell, a segment says so.

- `framework`: what a framework is, its settings, what it can be built on
- `minimum`: how much there must be for it to mean something
- `registry`: all of them by name, and which are used where a project does not say
- `rfm`: recency, frequency, monetary value
- `lifecycle`: stages by each customer's own rhythm, won back among them
- `value_tiers`: spend in the last year against the others
- `engagement`: visits, opens, use
- `concentration`: product affinity and channel preference
- `prices`: price sensitivity and discount dependence
- `tenure`: how long she has been a customer
- `negative`: whom not to target
"""

from smalti.segments.frameworks.framework import EVERYTHING, Framework, Given, Question, Settings
from smalti.segments.frameworks.minimum import Minimum, Seen, enough
from smalti.segments.frameworks.registry import ALWAYS, FRAMEWORKS, Recipe, by_default, standard_framework

__all__ = [
    "ALWAYS",
    "EVERYTHING",
    "FRAMEWORKS",
    "Framework",
    "Given",
    "Minimum",
    "Question",
    "Recipe",
    "Seen",
    "Settings",
    "by_default",
    "enough",
    "standard_framework",
]
