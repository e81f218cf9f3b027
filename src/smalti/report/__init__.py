"""What a run found, told to people. It gets tables and dicts and gives text; it opens no file but its own assets.

- `page`: one self-contained HTML page for a marketer, from `assets/`; its chapters are `opening`, `valuemap`, `plans`,
  `groups`, `movements`, `account`, `grounds`, each of which turns `matter` (a run) into texts and lengths of bars
- `summary`: a run in a handful of lines, for a terminal
- `story` and `telling`: one customer, as a value and as paragraphs
- `density`, `flows`: the two things that are counted here rather than in the run
- `columns`, `writing`, `reach`, `palette`: reading tables, writing numbers, drawing intervals, colouring strategies
"""

from smalti.report.density import Density, density
from smalti.report.flows import Flow, Move, SegmentFlow, flows
from smalti.report.page import page
from smalti.report.story import Choice, CustomerStory, Difference, Fact, Membership, Place, customer_story
from smalti.report.summary import StrategyLine, Summary, summary
from smalti.report.telling import tell

__all__ = [
    "Choice",
    "CustomerStory",
    "Density",
    "Difference",
    "Fact",
    "Flow",
    "Membership",
    "Move",
    "Place",
    "SegmentFlow",
    "StrategyLine",
    "Summary",
    "customer_story",
    "density",
    "flows",
    "page",
    "summary",
    "tell",
]
