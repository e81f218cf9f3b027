"""The experiments of a project in a run: drawn, read out, proven, and believed.

- `weighing`: all of them as of a run's instant, in the order in which they start
- `starting`: who may take part, and what was known of them, as of the start; `drawing`, the arms
- `exposing`: whom an experiment reached, with what, when; `outcomes`, what came after
- `judging`: average effects, and the proof of the outcome that decides
- `showing`: what was shown of effects on anyone, for the scores that tell it
- `believing`: from a strategy's assumed success to the measured one
- `tables`: what a run publishes of all that; `proven`, proofs alone, and read back from a run
"""

from smalti.engine.experimenting.believing import updated
from smalti.engine.experimenting.proven import prove_project, proven_in
from smalti.engine.experimenting.tables import proved_of, tables_of, told_of
from smalti.engine.experimenting.weighing import Weighed, Weighing, weigh, with_coming

__all__ = [
    "Weighed",
    "Weighing",
    "prove_project",
    "proved_of",
    "proven_in",
    "tables_of",
    "told_of",
    "updated",
    "weigh",
    "with_coming",
]
