"""A folder of definitions: loaded, checked as a whole, turned into a work list.

- `definition`: a `Project`, data without verbs
- `load`: from ``smalti.yml``, every error with its line; `places` knows where each value is written
- `check`: against the facts there are: all errors at once, or everything made ready; `names` that stand in each other's way
- `work`: what a run will do, as a value
- `begin`: a first project from what some files seem to be
"""

from smalti.project.begin import begin_project, write_project
from smalti.project.check import Prepared, Strategy, prepare
from smalti.project.definition import Project, StrategyChange
from smalti.project.load import FILE_NAME, Read, in_order, load_project, parse_project, read_project
from smalti.project.places import Origin
from smalti.project.work import Work, after_facts, before_facts

__all__ = [
    "FILE_NAME",
    "Origin",
    "Prepared",
    "Project",
    "Read",
    "Strategy",
    "StrategyChange",
    "Work",
    "after_facts",
    "before_facts",
    "begin_project",
    "in_order",
    "load_project",
    "parse_project",
    "prepare",
    "read_project",
    "write_project",
]
