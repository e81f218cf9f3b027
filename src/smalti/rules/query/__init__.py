"""The batch reading: trees as expressions of Ibis, compiled to the text of one engine's queries.

The only room in the house that knows Ibis, and Ibis only compiles here; the store runs the text. Instants and windows are
integers with bounds worked out before the query is written, so that no engine's calendar has a say.

- `reading`: a tree as an expression over the columns of a table
- `calendar`: time zones and dates in integers
- `summaries`: an aggregate as an expression for a group of facts
- `sequences`: for each fact, whether another follows or precedes it
- `scanning`: all aggregates of a stream in one query
- `customers`: queries over tables of customers: answers joined, columns made of columns, people counted by account
- `columns`, `dialects`: types, constants, and what differs between engines
"""

from smalti.rules.needs import column_of
from smalti.rules.query.customers import answer_query, derive_query, join_query, people_query
from smalti.rules.query.dialects import DIALECTS
from smalti.rules.query.reading import Fitted
from smalti.rules.query.scanning import Known, Scan, scans

__all__ = [
    "DIALECTS",
    "Fitted",
    "Known",
    "Scan",
    "answer_query",
    "column_of",
    "derive_query",
    "join_query",
    "people_query",
    "scans",
]
