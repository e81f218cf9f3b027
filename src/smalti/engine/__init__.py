"""Runs a project.

- `batch`: all customers, one instant, published: `run_project`; `options`, how
- `given`: what was read, and what a project makes of it
- `reckoning`: everything reckoned as of one instant; `segmenting`, its segments and their members; `fitted`, segmentations
  fitted to the customers there are; `settling`, what frameworks ask the facts before they can be written down
- `foresight/`: what models are learnt from, asked of the facts; fitted, foretold, told; what changed since earlier runs
- `experimenting/`: the experiments of a project: drawn, read out, proven, and what follows from them for the run; `shown`,
  the effect on anyone that one has shown
- `planning/`: the plan: everything it is made from gathered, made, judged once more, written, read back; `deciding`, for one
  customer now
- `proving/`: a trial, of a file or of an experiment, proven: `prove_file`, `prove_trial`; and sized beforehand
- `simulating/`: what to expect of triggers and of plans one to one, on invented customers whose truth is known
- `quality`: the gate, every segmentation tested; `evidence`, what it is tested by; `cuts` and `resampling`, fitted cuts
  fitted anew
- `tables`, `account`, `remarks`, `publish`: what was found, written; `apart`, what sets segments apart; `personas`, theirs;
  `reaching`, whom channels reach
- `run`, `customer`: a published run, to look at; `moving`, when what it says of a customer changes by itself
- `history`: membership over time, from all runs of a folder
- `changes`: changed definitions against earlier ones: `earlier`, which; `redefined`, how they differ; `shifts`, who moves
- `checking`: a project checked without running it
- `demo`: an invented shop, run
- `parity`: a timeline through all readings of the language; `readings`, what each lives through
- `clock`: how long each step takes
"""

from smalti.engine.batch import run_project
from smalti.engine.changes import compare, plan_changes
from smalti.engine.checking import check_project, check_read
from smalti.engine.customer import Profile
from smalti.engine.deciding import RunDecider
from smalti.engine.demo import make_demo
from smalti.engine.experimenting import prove_project, proven_in
from smalti.engine.foresight.scorer import Scorer
from smalti.engine.history import History, history
from smalti.engine.options import RUNS, Options
from smalti.engine.parity import Line, Outcome, run_timeline, run_timelines
from smalti.engine.planning import Planned, plan_project
from smalti.engine.proving import Asked, Proved, Sizes, Trial, prove_file, prove_trial, size_trial
from smalti.engine.quality import Quality, assess_project
from smalti.engine.run import Run, RunTable

__all__ = [
    "RUNS",
    "Asked",
    "History",
    "Line",
    "Options",
    "Outcome",
    "Planned",
    "Profile",
    "Proved",
    "Quality",
    "Run",
    "RunDecider",
    "RunTable",
    "Scorer",
    "Sizes",
    "Trial",
    "assess_project",
    "check_project",
    "check_read",
    "compare",
    "history",
    "make_demo",
    "plan_changes",
    "plan_project",
    "prove_file",
    "prove_project",
    "prove_trial",
    "proven_in",
    "run_project",
    "run_timeline",
    "run_timelines",
    "size_trial",
]
