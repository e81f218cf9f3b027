"""Options as one value: a command that takes the fields of a frozen dataclass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from inspect import Parameter, Signature
from typing import Any, TypeVar, get_type_hints

Said = TypeVar("Said")
"""The dataclass; its fields are annotated as Typer wants them."""


def taking(kind: type[Said]) -> Callable[[Callable[[Said], None]], Callable[..., None]]:
    """Make a command that takes one value take its fields as options instead.

    Args:
        kind: A dataclass whose fields are annotated with `typer.Option` or `typer.Argument`.

    >>> from dataclasses import dataclass
    >>> from inspect import signature
    >>> Loud = dataclass(type("Loud", (), {"__annotations__": {"loud": bool}, "loud": False}))
    >>> @taking(Loud)
    ... def sing(said: Loud) -> None:
    ...     print("LA" if said.loud else "la")
    >>> sing(loud=True), list(signature(sing).parameters)
    LA
    (None, ['loud'])
    """
    hints = get_type_hints(kind, include_extras=True)
    parameters = [
        Parameter(
            one.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if one.default is MISSING else one.default,
            annotation=hints[one.name],
        )
        for one in fields(kind)  # type: ignore[arg-type]
    ]

    def wrap(command: Callable[[Said], None]) -> Callable[..., None]:
        def run(**said: Any) -> None:
            command(kind(**said))

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        vars(run)["__signature__"] = Signature(parameters)
        return run

    return wrap
