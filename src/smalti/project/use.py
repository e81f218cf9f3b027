"""Which standard frameworks a project uses: a list of names, or settings by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, SerializeAsAny, ValidationError
from pydantic_core import InitErrorDetails

from smalti.errors import nearest
from smalti.segments import FRAMEWORKS, Settings


def _pairs(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(value.items())
    return tuple((one, None) if isinstance(one, str) else one for one in value) if _listed(value) else value


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _with_settings(pair: Any) -> Any:
    """Put a framework's own settings in place of what was written, mistakes told where they stand."""
    if not _listed(pair) or len(pair) != 2 or not isinstance(pair[0], str):
        wanted = "a name; settings go in a mapping, such as rfm: {bands: 4}"
        raise ValueError(f"not the name of a framework: found '{pair}', wanted {wanted}")
    name, given = pair
    if name not in FRAMEWORKS:
        near = nearest(name, FRAMEWORKS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ValueError(f"unknown framework: found '{name}', wanted one of {', '.join(FRAMEWORKS)}{hint}")
    try:
        return name, FRAMEWORKS[name].settings.model_validate({} if given is None else given)
    except ValidationError as error:
        told = [
            InitErrorDetails(type=one["type"], loc=(1, *one["loc"]), input=one["input"], ctx=one.get("ctx", {}))
            for one in error.errors()
        ]
        raise ValidationError.from_exception_data(name, told) from None


def _each_once(pairs: tuple[tuple[str, Settings], ...]) -> tuple[tuple[str, Settings], ...]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"a framework named twice: found '{twice}', wanted each once")
    return pairs


Used: TypeAlias = Annotated[
    tuple[Annotated[tuple[str, SerializeAsAny[Settings]], BeforeValidator(_with_settings)], ...],
    BeforeValidator(_pairs),
    AfterValidator(_each_once),
]
"""Frameworks with their settings; written as names or as a mapping, held as pairs so that the project can be hashed."""
