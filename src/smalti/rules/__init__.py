"""The language of questions about one customer at one instant, and its readings.

- `nodes`: the tree, a dozen frozen values; `walk`, `children`, `rebuild`
- `text` with `grammar.lark`: how people write it, and back
- `aggregates`, `functions`: what there is to ask, as tables
- `check`: names and types, all errors at once; makes a tree ready for its readings
- `meaning`: the law, for one customer, slowly
- `query`: the batch reading, as the text of an engine's query
- `explain`: the told reading, as sentences and reasons

`meaning`, `query` and `explain` do not know each other; tests hold them to one answer.
"""

from smalti.rules.aggregates import AGGREGATES, result_type
from smalti.rules.check import Checked, Vocabulary, check, names_in
from smalti.rules.explain import Reason, Words, reasons, sentence
from smalti.rules.functions import FUNCTIONS
from smalti.rules.meaning import Customer, meaning, quantile_of
from smalti.rules.nodes import (
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Case,
    Compare,
    In,
    IsMissing,
    Like,
    Literal,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Quantile,
    children,
    rebuild,
    walk,
)
from smalti.rules.query import Fitted, Scan, answer_query, column_of, derive_query, join_query, scans
from smalti.rules.text import parse, write, write_name

__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "Aggregate",
    "Arithmetic",
    "Between",
    "Call",
    "Case",
    "Checked",
    "Compare",
    "Customer",
    "Fitted",
    "In",
    "IsMissing",
    "Like",
    "Literal",
    "Logic",
    "Name",
    "Negate",
    "Node",
    "Not",
    "Quantile",
    "Reason",
    "Scan",
    "Vocabulary",
    "Words",
    "answer_query",
    "check",
    "children",
    "column_of",
    "derive_query",
    "join_query",
    "meaning",
    "names_in",
    "parse",
    "quantile_of",
    "reasons",
    "rebuild",
    "result_type",
    "scans",
    "sentence",
    "walk",
    "write",
    "write_name",
]
