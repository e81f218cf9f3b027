"""A folder of definitions: loaded, checked as a whole, turned into a work list.

- `definition`: a `Project`, data without verbs; `use`, the frameworks in it with their settings
- `scores`: what a score is as it is written; `foretelling`, scores against what they speak of, made ready
- `experiments`: what an experiment is as it is written; `trials`, experiments against what they speak of, made ready;
  `coming`, what comes within a length of time, in the language
- `treatments`, `messages`, `limits`: what a plan is made from, against what it speaks of, made ready; `since`, what has
  happened since a treatment began
- `load`: from ``smalti.yml``, every error with its line; `places` knows where each value is written
- `check`: against the facts there are: all errors at once, or everything made ready; `names` that stand in each other's way
- `segmentations`: segmentations and channels against what they speak of; fitted rules made ready
- `outcome`: what segmentations are tested by
- `work`: what a run will do, as a value
- `restore`: back from what a run keeps of its definitions
- `schema`: the JSON Schema of the file, for editors
- `timelines`: tests as data: what happens to a few customers, and what shall be so then; `steps`, one by one;
  `handwriting`, amounts and instants as people write them
- `begin`: a first project from what some files seem to be
"""

from smalti.project.begin import begin_project, write_project
from smalti.project.check import Prepared, Strategy, prepare
from smalti.project.definition import Project, StrategyChange
from smalti.project.experiments import HOLD_OUT, ArmDefinition, ExperimentDefinition, HoldOutDefinition
from smalti.project.foretelling import Foretelling
from smalti.project.load import FILE_NAME, Read, in_order, load_project, parse_project, read_project
from smalti.project.places import Origin
from smalti.project.restore import restored, said
from smalti.project.schema import project_schema
from smalti.project.scores import CHANCE, ScoreDefinition
from smalti.project.segmentations import segment_of
from smalti.project.steps import Change, Changes, Delivery, Expectation, Scoring, Step, Waiting
from smalti.project.timelines import Timeline, load_timeline, parse_timeline, timeline_files
from smalti.project.trials import Measured, Trial
from smalti.project.work import EXPERIMENTS, PLAN, Work, after_facts, before_facts

__all__ = [
    "CHANCE",
    "EXPERIMENTS",
    "FILE_NAME",
    "HOLD_OUT",
    "PLAN",
    "ArmDefinition",
    "Change",
    "Changes",
    "Delivery",
    "Expectation",
    "ExperimentDefinition",
    "Foretelling",
    "HoldOutDefinition",
    "Measured",
    "Origin",
    "Prepared",
    "Project",
    "Read",
    "ScoreDefinition",
    "Scoring",
    "Step",
    "Strategy",
    "StrategyChange",
    "Timeline",
    "Trial",
    "Waiting",
    "Work",
    "after_facts",
    "before_facts",
    "begin_project",
    "in_order",
    "load_project",
    "load_timeline",
    "parse_project",
    "parse_timeline",
    "prepare",
    "project_schema",
    "read_project",
    "restored",
    "said",
    "segment_of",
    "timeline_files",
    "write_project",
]
