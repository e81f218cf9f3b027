"""Who is in which arm: pure functions of a customer's id, the same in batch, live and SQL.

- `experiment`: an experiment as a value: arms, layer, hold-outs, ramp, strata
- `assign`: many customers at once, or one; cuts fitted to strata
- `rule`: the same as text in the language
- `exposure`: the touches that an experiment leaves
- `draw`: the draw of many customers at once, as `bucket('salt')` gives it in the language
"""

from smalti.experiments.assignment.assign import Assigned, assign, assign_one, fit_strata
from smalti.experiments.assignment.draw import CustomerIds, as_text, bucket
from smalti.experiments.assignment.experiment import Arm, Experiment, HoldOut, Layer, Stratum, check_layers
from smalti.experiments.assignment.exposure import exposures
from smalti.experiments.assignment.rule import rule_of, trait_of

__all__ = [
    "Arm",
    "Assigned",
    "CustomerIds",
    "Experiment",
    "HoldOut",
    "Layer",
    "Stratum",
    "as_text",
    "assign",
    "assign_one",
    "bucket",
    "check_layers",
    "exposures",
    "fit_strata",
    "rule_of",
    "trait_of",
]
