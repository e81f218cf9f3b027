"""What can be done to a customer: treatments, their steps and triggers, and the messages they carry.

- `definitions`: treatments and messages as they are written in a project
- `ready`: the same with their rules as trees
"""

from smalti.strategy.treatments.definitions import (
    MessageDefinition,
    RedemptionDefinition,
    StepDefinition,
    TreatmentDefinition,
    TriggerDefinition,
    VariantDefinition,
)
from smalti.strategy.treatments.ready import Message, Step, Treatment

__all__ = [
    "Message",
    "MessageDefinition",
    "RedemptionDefinition",
    "Step",
    "StepDefinition",
    "Treatment",
    "TreatmentDefinition",
    "TriggerDefinition",
    "VariantDefinition",
]
