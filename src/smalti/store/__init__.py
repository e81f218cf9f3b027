"""The door to data: read, write, run a query, publish a run. The only room that names an engine.

- `session`: a `Store`, tables by name in the engine's own working space
- `runs`: a `RunFolder`, what a run published; written whole or not at all

What crosses the door is Arrow tables and text of queries.
"""

from smalti.store.runs import RunFolder, RunWriter, current_run, list_runs
from smalti.store.session import Store, quoted

__all__ = ["RunFolder", "RunWriter", "Store", "current_run", "list_runs", "quoted"]
