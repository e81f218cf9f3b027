"""Words for the terminal: ``smalti run``, ``init``, ``check``, ``test``, ``explain``, ``report``, ``demo``.

- `app`: the commands and their options
- `show`: what is printed, with Rich
- `finish`: errors told in words, never as a traceback
"""

from smalti.cli.app import main

__all__ = ["main"]
