"""Words for the terminal: the commands ``smalti run``, ``init``, ``check``, ``explain``, ``history`` and so on.

- `app`: the commands and their options
- `show`: what is printed, with Rich
- `past`: what is printed of the history of segments
- `foretold`: what is printed of models
- `proving`: the commands ``smalti prove`` and ``smalti power``; `evidence`, what is printed of trials; `said`, costs and
  budgets as they are typed; `taking`, a command's options as one value
- `planning`: the commands ``smalti plan``, ``decide`` and ``simulate``
- `finish`: errors told in words, never as a traceback
"""

from smalti.cli.app import main

__all__ = ["main"]
