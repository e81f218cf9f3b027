"""Runs a project.

- `batch`: all customers, one instant: `run_project`
- `behaviour`: what the value map and the models are reckoned from
- `tables`, `account`, `publish`: what was found, written
- `run`, `customer`: a published run, to look at
- `clock`: how long each step takes
"""

from smalti.engine.batch import RUNS, Options, run_project
from smalti.engine.run import Run, RunTable

__all__ = ["RUNS", "Options", "Run", "RunTable", "run_project"]
