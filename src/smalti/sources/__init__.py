"""Outside data becomes facts: files are found, looked at, read, and every row and penny of them accounted for.

What a user says about a file, and what we see in it:

- `definitions`: a `SourceDefinition`, the value a project holds, and the `PlacesDefinition` in one of customers
- `guess`: `inspect`, a cheap look that gives a `Guess`; `roles` and `kinds` judge columns by name, type and contents

Reading, from bytes to batches of rows:

- `files`, `encodings`, `layout`, `formats`: which files, which bytes, which fields, which kind of file
- `delimited`, `tabular`: CSV, TSV, white space; Parquet, JSON Lines, Excel. `batches` is what they all give

From rows to facts:

- `dates`, `amounts`, `rowkeys`: instants, exact money, identical rows
- `lines`, `staging`, `orders`: one line per row, then orders, returns and order items, or a stream of one's own; `touches`:
  what other systems call the columns of a stream of touches
- `attributes`: what is said of customers, with its history (`carried`: what holds at each row); `places` adds where they
  live, by the countries and cities of the `gazetteer`
- `account`: what was kept, returned, set aside, and the proof that nothing is lost
- `load`: all of it; `peek`: the streams it would give, from the heads of the files
"""

from smalti.sources.account import SET_ASIDE, Account, Tally
from smalti.sources.definitions import PlacesDefinition, SourceDefinition
from smalti.sources.files import Fingerprint
from smalti.sources.guess import Guess, inspect
from smalti.sources.load import Loaded, load
from smalti.sources.peek import peek
from smalti.sources.roles import Role, SeenColumn

__all__ = [
    "SET_ASIDE",
    "Account",
    "Fingerprint",
    "Guess",
    "Loaded",
    "PlacesDefinition",
    "Role",
    "SeenColumn",
    "SourceDefinition",
    "Tally",
    "inspect",
    "load",
    "peek",
]
