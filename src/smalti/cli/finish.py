"""How a command ends: with its answer, or with words about what went wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.markup import escape

from smalti.cli.show import complaints
from smalti.errors import DefinitionError, SmaltiError

WRONG_INPUT = 2
"""Exit status when what was given or defined is wrong; 1 is left for what we did wrong."""
NOT_PASSED = 3
"""Exit status of ``smalti check --quality`` when a segmentation does not pass."""
TOO_MANY_MOVED = 3
"""Exit status of ``smalti plan`` when more customers would move than ``--fail-if-moved`` allows."""


@contextmanager
def in_words(*, as_json: bool = False) -> Iterator[None]:
    """Tell the errors that a user can mend, and end with `WRONG_INPUT`."""
    try:
        yield
        sys.stdout.flush()
    except DefinitionError as error:
        problems = [vars(problem) | {"text": str(problem)} for problem in error.problems]
        _complain(str(error), {"error": "definitions", "problems": problems}, as_json=as_json)
        raise typer.Exit(WRONG_INPUT) from None
    except SmaltiError as error:
        _complain(str(error), {"error": type(error).__name__, "text": str(error)}, as_json=as_json)
        raise typer.Exit(WRONG_INPUT) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        text = f"{error.filename or 'the system'}: {error.strerror or error}"
        _complain(text, {"error": type(error).__name__, "text": text}, as_json=as_json)
        raise typer.Exit(WRONG_INPUT) from None
    except KeyboardInterrupt:
        complaints.print("stopped; nothing was published", style="yellow")
        raise typer.Exit(130) from None


def _complain(text: str, told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        complaints.print(escape(text), style="red", highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print a value for a machine, and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
