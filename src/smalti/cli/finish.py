"""How a command ends: with its answer, or with words about what went wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.markup import escape

from smalti.cli.show import complaints
from smalti.errors import DefinitionError, SmaltiError

WRONG_INPUT = 2
"""Exit status when what was given or defined is wrong; 1 is left for what we did wrong."""


@contextmanager
def in_words(*, as_json: bool = False) -> Iterator[None]:
    """Tell the errors that a user can mend, and end with `WRONG_INPUT`."""
    try:
        yield
    except DefinitionError as error:
        if as_json:
            print_json(
                {
                    "error": "definitions",
                    "problems": [vars(problem) | {"text": str(problem)} for problem in error.problems],
                }
            )
        else:
            complaints.print(escape(str(error)), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(WRONG_INPUT) from None
    except SmaltiError as error:
        if as_json:
            print_json({"error": type(error).__name__, "text": str(error)})
        else:
            complaints.print(escape(str(error)), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(WRONG_INPUT) from None
    except OSError as error:
        what = error.strerror or str(error)
        complaints.print(
            escape(f"{error.filename or 'the system'}: {what}"), style="red", highlight=False, soft_wrap=True
        )
        raise typer.Exit(WRONG_INPUT) from None
    except KeyboardInterrupt:
        complaints.print("stopped; nothing was published", style="yellow")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def print_json(value: Any) -> None:
    """Print a value for a machine, and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
