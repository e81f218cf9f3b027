"""Checks on a stored model before it is used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalti.errors import ModelError


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
