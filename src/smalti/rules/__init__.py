"""The language of questions about one customer at one instant, and its readings.

- `nodes`: the tree, frozen values; `walk`, `children`, `rebuild`
- `text` with `grammar.lark`: how people write it, and back
- `interchange`: the tree as JSON, and back, with its JSON Schema; `shapes`, what a tree built by hand must be like
- `aggregates`, `functions`: what there is to ask, as tables
- `check`: names and types, all errors at once; makes a tree ready for its readings; `kinds`, what arithmetic gives
- `certain`: what is always true or never, and can hardly be meant; `possible` and `ranges`, by what can be
- `needs`: what must be worked out before a tree can be asked of all customers, and in which order
- `meaning`: the law, for one customer, slowly
- `query`: the batch reading, as the text of an engine's query
- `step`: the live reading, one fact at a time, and when to wake
- `explain`: the told reading, as sentences and reasons

`meaning`, `query`, `step` and `explain` do not know each other; tests hold them to one answer.
"""

from smalti.rules.aggregates import AGGREGATES, result_type
from smalti.rules.certain import certainty
from smalti.rules.check import Checked, Vocabulary, check, names_in
from smalti.rules.explain import Reason, Words, because, reasons, sentence
from smalti.rules.functions import FUNCTIONS
from smalti.rules.interchange import from_json, json_schema, to_json
from smalti.rules.meaning import Customer, meaning, quantile_of
from smalti.rules.nodes import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Between,
    Call,
    Case,
    Compare,
    During,
    In,
    IsMissing,
    Its,
    Last,
    Like,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Now,
    People,
    Quantile,
    Score,
    Sequence,
    StartOf,
    This,
    Window,
    children,
    rebuild,
    walk,
)
from smalti.rules.query import Fitted, Scan, answer_query, column_of, derive_query, join_query, scans
from smalti.rules.step import Change, State, Step
from smalti.rules.text import parse, write, write_name

__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "After",
    "Aggregate",
    "Arithmetic",
    "Before",
    "Between",
    "Call",
    "Case",
    "Change",
    "Checked",
    "Compare",
    "Customer",
    "During",
    "Fitted",
    "In",
    "IsMissing",
    "Its",
    "Last",
    "Like",
    "Literal",
    "Logic",
    "Member",
    "Name",
    "Negate",
    "Node",
    "Not",
    "Now",
    "People",
    "Quantile",
    "Reason",
    "Scan",
    "Score",
    "Sequence",
    "StartOf",
    "State",
    "Step",
    "This",
    "Vocabulary",
    "Window",
    "Words",
    "answer_query",
    "because",
    "certainty",
    "check",
    "children",
    "column_of",
    "derive_query",
    "from_json",
    "join_query",
    "json_schema",
    "meaning",
    "names_in",
    "parse",
    "quantile_of",
    "reasons",
    "rebuild",
    "result_type",
    "scans",
    "sentence",
    "to_json",
    "walk",
    "write",
    "write_name",
]
