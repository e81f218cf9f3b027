"""From the definitions that a run keeps in its ``run.json`` back to the project they were."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from smalti.errors import RunError
from smalti.project.definition import Project
from smalti.strategy import Amount

_SETS = tuple[tuple[str, ...], ...]
"""What sets of names are kept as: two of two names each look like definitions by name, and are none."""


def restored(definitions: Any, of: str = "a run") -> Project:
    """Rebuild a project from what ``project.model_dump(mode="json")`` gave.

    What stands there at its default is taken as not said, so that a change of a strategy changes what it names and no more.
    Settings that are newer than the run are at their defaults.

    Args:
        definitions: The definitions, as JSON has them.
        of: Whose they are, for messages.

    Raises:
        RunError: They cannot be understood, by this version at least.

    >>> shop = Project(name="Shop", playbook={"retain": {"cost": "2.5 %"}}, sources={"orders": {"from": "o.csv"}})
    >>> restored(shop.model_dump(mode="json")) == shop
    True
    """
    if not isinstance(definitions, Mapping):
        raise RunError(f"{of} does not hold the definitions it was made from")
    try:
        return Project.model_validate(_amounts(said(definitions, Project)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"{of} holds definitions that this version of smalti cannot read: {place}: {first['msg']}"
        ) from None


def said(settings: Mapping[str, Any], model: type[BaseModel] = Project) -> dict[str, Any]:
    """Give the settings, as JSON has them, without those at their defaults; definitions by name become mappings.

    >>> said(Project(name="Shop", traits={"n": "count(orders)"}).model_dump(mode="json"))
    {'name': 'Shop', 'traits': {'n': {'value': 'count(orders)'}}}
    """
    found = {}
    for name, value in settings.items():
        field = model.model_fields.get(name)
        if field is not None and not field.is_required():
            default = to_jsonable_python(field.get_default(call_default_factory=True), by_alias=False)
            if value == default:
                continue
        if field is not None and field.annotation == _SETS:
            found[name] = value
            continue
        found[name] = _inner(value, _model_in(field.annotation) if field is not None else None)
    return found


def _inner(value: Any, model: type[BaseModel] | None) -> Any:
    if isinstance(value, Mapping):
        return said(value, model) if model is not None else dict(value)
    if _is_named(value):
        return {name: _inner(one, model) for name, one in value}
    return value


def _is_named(value: Any) -> bool:
    """Whether a list is of pairs, a name and what it means, each name once."""
    pairs = isinstance(value, list) and bool(value) and all(isinstance(one, list) and len(one) == 2 for one in value)
    return pairs and all(isinstance(name, str) for name, _ in value) and len({name for name, _ in value}) == len(value)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model of a field or of what it holds by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _amounts(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"fixed", "share"}:
            fixed = value["fixed"]
            return Amount(None if fixed is None else Decimal(str(fixed)), value["share"])
        return {name: _amounts(one) for name, one in value.items()}
    return [_amounts(one) for one in value] if isinstance(value, list) else value
