"""The told reading: a rule as an English sentence, and an answer as reasons.

- `words`: how names, values and instants are said
- `sentences`: every node as part of a sentence
- `reasons`: which parts of a rule hold for one customer, by how much, and when that will change by itself
"""

from smalti.rules.explain.reasons import Reason, because, reasons
from smalti.rules.explain.sentences import sentence
from smalti.rules.explain.words import Words

__all__ = ["Reason", "Words", "because", "reasons", "sentence"]
