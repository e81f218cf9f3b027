"""Supervised scores: what comes within a horizon, learnt from customers as they were at earlier instants.

Arrays in, a frozen value out, which forecasts anyone and can be stored as numbers:

- `training`: `Column`, `TrainingSet`: traits as of cut-offs, and what came after
- `fit`: `fit_score`, from a training set to a `FittedScore` with its back-test
- `score`: `FittedScore`: forecasts of many customers or of one, what drives them, how it is stored
- `inputs`: traits as trees take them; what cannot be learnt from
- `splits`: folds of customers, cut-offs left out, what is too little
- `learning`, `boosting`: forests of the right size, by scikit-learn, taken out as numbers
- `trees`: sums of trees, for many or one, the same to the last bit
- `shapley`: what each trait adds, exactly
- `calibration`, `lines`: from raw sums to chances and amounts that hold on average
- `losses`, `accuracy`, `bands`, `trial`: how good forecasts were, with intervals; the verdict
- `simple`: simple forecasts to hold a model against
- `leaks`: traits that know the future
"""

from __future__ import annotations

from smalti.models.supervised.fit import fit_score
from smalti.models.supervised.inputs import Input, Unlearnt
from smalti.models.supervised.score import OTHER, VERSION, Drivers, FittedScore, Scored
from smalti.models.supervised.training import Column, Kind, Task, Texts, TrainingSet

__all__ = [
    "OTHER",
    "VERSION",
    "Column",
    "Drivers",
    "FittedScore",
    "Input",
    "Kind",
    "Scored",
    "Task",
    "Texts",
    "TrainingSet",
    "Unlearnt",
    "fit_score",
]
