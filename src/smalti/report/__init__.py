"""What a run found, told to people. It gets tables and dicts and gives text; it opens no file but its own assets.

- `page`: one self-contained HTML page for a marketer, from `assets/`; its chapters are `opening`, `valuemap`, `plans`,
  `foresight` (with `backtests`), `groups`, `personas`, `verdicts`, `movements`, `account`, `grounds`, each of which turns
  `matter` (a run) into texts and bars; `doubts` says in a few words what stands against a model
- `summary`: a run in a handful of lines, for a terminal
- `story` and `telling`: one customer, as a value and as paragraphs; `ahead`, what is foretold of her
- `density`, `flows`: the two things that are counted here rather than in the run
- `experiments`: how far the experiments of a run have come
- `plan_curve`: plans at several budgets, held against rankings, told and drawn
- `proof`: what a trial proves, as a chapter and as a page of its own; `verdict_words`, its sentences; `proof_curve`, what
  policies are worth at each budget, drawn; `units`, how its outcomes are written
- `plan/`: the plan: who gets what, what it is worth, how near the best possible, what stands in its way; `decision`, what is
  decided for one customer now; `simulation`, what to expect of triggers and of plans made one to one
- `changes`, `comparison`: what changed definitions would do, as a value and told; `layout`, rows as text and as Markdown
- `columns`, `writing`, `reach`, `palette`: reading tables, writing numbers, drawing intervals, colouring strategies
"""

from smalti.report.ahead import ahead
from smalti.report.backtests import Trial
from smalti.report.changes import (
    Changes,
    ChannelShift,
    Contacts,
    CutShift,
    Redefinition,
    SegmentChange,
    StrategyShift,
    Worth,
)
from smalti.report.comparison import changes_markdown, changes_text
from smalti.report.decision import tell_decision
from smalti.report.density import Density, density
from smalti.report.doubts import short_verdict, value_doubt
from smalti.report.flows import Flow, Move, SegmentFlow, flows
from smalti.report.foresight import Foretelling, tell_models
from smalti.report.page import page
from smalti.report.personas import Card, card, tell_card
from smalti.report.plan import PlanTold, plan_glance, plan_markdown, plan_text, planned, tell_plan
from smalti.report.proof import OutcomeTold, TrialTold, evidence, proof_page, tell_proof
from smalti.report.simulation import simulation_text
from smalti.report.story import Choice, CustomerStory, Difference, Fact, Membership, Place, customer_story
from smalti.report.summary import StrategyLine, Summary, summary
from smalti.report.telling import tell
from smalti.report.verdicts import Gate, Told, gate, tell_quality

__all__ = [
    "Card",
    "Changes",
    "ChannelShift",
    "Choice",
    "Contacts",
    "CustomerStory",
    "CutShift",
    "Density",
    "Difference",
    "Fact",
    "Flow",
    "Foretelling",
    "Gate",
    "Membership",
    "Move",
    "OutcomeTold",
    "Place",
    "PlanTold",
    "Redefinition",
    "SegmentChange",
    "SegmentFlow",
    "StrategyLine",
    "StrategyShift",
    "Summary",
    "Told",
    "Trial",
    "TrialTold",
    "Worth",
    "ahead",
    "card",
    "changes_markdown",
    "changes_text",
    "customer_story",
    "density",
    "evidence",
    "flows",
    "gate",
    "page",
    "plan_glance",
    "plan_markdown",
    "plan_text",
    "planned",
    "proof_page",
    "short_verdict",
    "simulation_text",
    "summary",
    "tell",
    "tell_card",
    "tell_decision",
    "tell_models",
    "tell_plan",
    "tell_proof",
    "tell_quality",
    "value_doubt",
]
