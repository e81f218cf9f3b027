"""How a fitted model is stored, and read back only if it is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar

from smalti.errors import ModelError

_M = TypeVar("_M")


def stored_form(model: Any) -> dict[str, Any]:
    """Give a frozen model of numbers, texts and tuples of such as JSON keeps it: tuples become lists.

    Examples:
        >>> from smalti.models import GammaGamma
        >>> stored_form(GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0))["at_bound"]
        []
    """
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(model).items()}


def restored(kind: type[_M], stored: Mapping[str, Any]) -> _M:
    """Give back the model that `stored_form` gave.

    Raises:
        ModelError: when a name is missing or unknown.

    Examples:
        >>> from smalti.models import GammaGamma
        >>> model = GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0, log_likelihood=-1.0)
        >>> restored(GammaGamma, stored_form(model)) == model
        True
    """
    same_names(kind.__name__, stored, [field.name for field in fields(kind)])  # type: ignore[arg-type]
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()})


def same_names(what: str, stored: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse a stored model that lacks a name or has one too many.

    Raises:
        ModelError: saying which names.

    Examples:
        >>> same_names("GammaGamma", {"p": 1.0}, ["p"])
    """
    missing, unknown = sorted(set(names) - set(stored)), sorted(set(stored) - set(names))
    if missing or unknown:
        raise ModelError(f"stored {what}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}")
