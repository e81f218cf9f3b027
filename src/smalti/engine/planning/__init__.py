"""The plan of a project in a run: everything it is made from gathered, the plan made, judged once more, written, read back.

- `making`: the plan as of one instant, and what is published of it
- `gathering`: all that it is made from
- `asking`: whom treatments are for, what is to be won, what has happened since they began; `entering`, whose moment has come
- `touched`: whom what has reached before, at what cost; `habits`, when customers are about and how they answer
- `apart`: whom experiments and hold-outs keep from treatments; `effects`, how often treatments work
- `complete`: whose messages can be made
- `people`: clocks, segments and groups of customers
- `before`: the plan before, read back
- `previews`: messages as real customers would read them
- `standing`: what is kept of each customer so that it can be decided for her later
- `now`: the plan as of now, nothing published
"""

from smalti.engine.planning.gathering import Matter
from smalti.engine.planning.making import Made, plan_as_of
from smalti.engine.planning.now import Planned, plan_project

__all__ = ["Made", "Matter", "Planned", "plan_as_of", "plan_project"]
