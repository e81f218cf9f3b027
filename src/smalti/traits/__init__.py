"""Named, typed values per customer: what they are, the standard ones, and how all are computed in few scans.

- `definitions`: a `TraitDefinition`, the text of a trait and what it is called
- `library`: the standard traits, each there as soon as the facts it needs are
- `compute`: from streams in the store to one table of customers, one pass over each stream; answers asked of that table
"""

from smalti.traits.compute import Computed, answer, compute
from smalti.traits.definitions import Trait, TraitDefinition
from smalti.traits.library import TITLES, standard_traits

__all__ = ["TITLES", "Computed", "Trait", "TraitDefinition", "answer", "compute", "standard_traits"]
