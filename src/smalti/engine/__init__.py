"""Runs a project.

- `batch`: all customers, one instant, published: `run_project`; `options`, how
- `reckoning`: everything reckoned as of one instant; `segmenting`, its segments and their members
- `behaviour`: what the value map and the models are reckoned from
- `tables`, `account`, `remarks`, `publish`: what was found, written
- `run`, `customer`: a published run, to look at; `moving`, when what it says of a customer changes by itself
- `checking`: a project checked without running it
- `demo`: an invented shop, run
- `parity`: a timeline through all readings of the language; `readings`, what each lives through
- `clock`: how long each step takes
"""

from smalti.engine.batch import run_project
from smalti.engine.checking import check_project, check_read
from smalti.engine.customer import Profile
from smalti.engine.demo import make_demo
from smalti.engine.options import RUNS, Options
from smalti.engine.parity import Line, Outcome, run_timeline, run_timelines
from smalti.engine.run import Run, RunTable

__all__ = [
    "RUNS",
    "Line",
    "Options",
    "Outcome",
    "Profile",
    "Run",
    "RunTable",
    "check_project",
    "check_read",
    "make_demo",
    "run_project",
    "run_timeline",
    "run_timelines",
]
