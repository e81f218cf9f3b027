"""The JSON Schema of ``smalti.yml``, by which an editor completes and underlines while one writes."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from smalti.project.definition import Project
from smalti.segments import FRAMEWORKS

_SHORT: dict[str, list[dict[str, Any]]] = {
    "TraitDefinition": [{"type": "string", "description": "The trait in the language."}],
    "SegmentDefinition": [{"type": "string", "description": "The rule in the language."}],
    "Amount": [{"type": "number"}, {"type": "string", "description": "Money, or a share such as 2 %."}],
    "Belief": [{"type": "number", "description": "The rate alone."}],
    "ArmDefinition": [{"type": "number", "description": "The weight alone."}, {"type": "null"}],
    "LayerDefinition": [{"type": "string", "description": "The layer, the whole of it."}],
    "MessageDefinition": [{"type": "string", "description": "The text alone, a template."}],
    "BudgetDefinition": [{"type": "number"}, {"type": "string", "description": "The amount alone, for one plan."}],
    "CapacityDefinition": [{"type": "integer", "minimum": 0, "description": "The number of one day."}],
    "HoldOutDefinition": [{"type": "number"}, {"type": "string", "description": "The share alone, such as 5 %."}],
}
"""What may be written in place of a whole definition, by the definition's name."""
_TEXT = {"type": "string"}
_ONE_OR_MANY: dict[str, tuple[str, ...]] = {
    "SourceDefinition": ("from", "names"),
    "TreatmentDefinition": ("channels",),
    "BudgetDefinition": ("treatments", "strategies"),
    "QuietDefinition": ("days", "channels"),
    "FairnessDefinition": ("treatments",),
    "LimitsDefinition": ("budget", "frequency", "quiet", "numbers", "exclusive", "bundles", "fairness"),
}
"""By definition, the settings for which one alone stands for a list of one."""


def project_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a project's file.

    >>> schema = project_schema()
    >>> schema["properties"]["traits"]["additionalProperties"]
    {'$ref': '#/$defs/TraitDefinition'}
    """
    schema: dict[str, Any] = _as_written(Project.model_json_schema())
    schema["properties"]["use"] = {
        "description": schema["properties"]["use"]["description"],
        "default": None,
        "anyOf": _use(schema["$defs"]),
    }
    for definition, settings in _ONE_OR_MANY.items():
        own = schema["$defs"][definition]["properties"]
        for name in settings:
            own[name] = {"description": own[name]["description"], "anyOf": [own[name]["items"], own[name]]}
    for name in ("ExperimentDefinition", "HoldOutDefinition"):
        measured = schema["$defs"][name]["properties"]
        measured["outcome"] = {"description": measured["outcome"]["description"], "anyOf": [_TEXT, measured["outcome"]]}
    schema["$defs"] = {name: _with_short_form(name, one) for name, one in schema["$defs"].items()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _use(definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe the frameworks: names, or settings by name; what their settings are goes to the definitions."""
    models = {name: recipe.settings for name, recipe in FRAMEWORKS.items()}
    _, made = models_json_schema([(model, "validation") for model in models.values()])
    definitions |= {name: _as_written(one) for name, one in made["$defs"].items()}
    definitions.pop("Settings", None)
    null = {"type": "null"}
    return [
        {"type": "array", "items": {"enum": list(models)}, "uniqueItems": True},
        {
            "type": "object",
            "properties": {
                name: {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"}, null]} for name, model in models.items()
            },
            "additionalProperties": False,
        },
        null,
    ]


def _with_short_form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*_SHORT[name], schema]} if name in _SHORT else schema


def _as_written(schema: Any) -> Any:
    """Turn what a project holds into what is written: pairs by name are a mapping."""
    if isinstance(schema, list):
        return [_as_written(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    items = schema.get("items") if schema.get("type") == "array" else None
    pair = items.get("prefixItems") if isinstance(items, dict) else None
    kept = {name: _as_written(one) for name, one in schema.items()}
    if pair is not None:
        kept = {name: one for name, one in kept.items() if name not in ("items", "default", "type")}
        return kept | {"type": "object", "additionalProperties": _as_written(pair[1])}
    if isinstance(kept.get("description"), str):
        kept["description"] = kept["description"].split("\n\n")[0].replace("\n", " ")
    return kept
