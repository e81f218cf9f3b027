"""What a segmentation is: a set of segments used together; written by hand, or fitted to the customers there are."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from smalti.segments.definitions import Kind

MOST_DEPTH = 6
"""How deep niches may lie within niches."""
MOST_GROUPS = 50
"""How many groups may be looked for."""
SMALLEST_SHARE = 0.01
"""How small a cell of a crossing may be, as a share of the customers, where nothing is said."""
SMALLEST_PART = 100
"""How few members a part of a split may have, where nothing is said."""

Way: TypeAlias = Literal["cross", "split", "group"]
"""How a segmentation is fitted."""


def _size(value: Any) -> int | float:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if not whole and not (isinstance(value, float) and 0 < value < 1):
        raise ValueError(
            f"not a size: found '{value}', wanted a whole number of customers, such as 200, or a share of them "
            "between 0 and 1, such as 0.01"
        )
    return value  # type: ignore[no-any-return]


def _numbers(value: Any) -> tuple[int, int]:
    pair = [value, value] if isinstance(value, int) else list(value) if isinstance(value, list | tuple) else []
    whole = len(pair) == 2 and all(isinstance(one, int) and not isinstance(one, bool) for one in pair)
    if not whole or not 2 <= pair[0] <= pair[1] <= MOST_GROUPS:
        raise ValueError(
            f"not a number of groups: found '{value}', wanted a whole number from 2 to {MOST_GROUPS}, or the least and the "
            "most to try, such as [2, 8]"
        )
    return pair[0], pair[1]


Size = Annotated[
    int | float,
    PlainValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""A number of customers, or a share of them."""
Numbers = Annotated[
    tuple[int, int],
    BeforeValidator(_numbers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 2, "maximum": MOST_GROUPS},
                {"type": "array", "items": {"type": "integer", "minimum": 2}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]
"""The least and the most groups to try; one number stands for both."""


class SegmentationDefinition(BaseModel):
    """A segmentation as it is written in a project.

    With neither `cross`, `split` nor `group` it describes segments that are defined one by one. With one of them its segments
    are fitted in the run and given back as rules in the language.

    >>> crossed = SegmentationDefinition.model_validate({"cross": ["lifecycle", "value_tiers"], "at_least": 200})
    >>> crossed.way, crossed.smallest(50_000)
    ('cross', 200)
    >>> SegmentationDefinition.model_validate({"group": ["yummy", "cheap"], "into": [2, 8]}).into
    (2, 8)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = Field(default=None, description="What people call the segmentation.")
    about: str = Field(default="", description="What it is for, in one sentence.")
    exclusive: bool | None = Field(
        default=None, description="Whether nobody shall be in two of its segments; left out, as the customers have it."
    )
    kind: Kind | None = Field(default=None, description="What its segments go by, where they do not say it themselves.")
    cross: tuple[str, ...] | None = Field(
        default=None, description="Segmentations, or single segments, each of whose combinations is a segment."
    )
    split: str | None = Field(default=None, description="The segment to look for niches in.")
    group: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Traits or attributes, alike in which customers are put together."
    )
    at_least: Size | None = Field(
        default=None,
        description="How many customers a segment needs, as a number or a share of all: of a crossing 0.01, of a part of a "
        "split 100 where nothing is said.",
    )
    by: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Traits or attributes to split a segment by."
    )
    outcome: str | None = Field(
        default=None, description="The trait or value in which the parts of a split must differ."
    )
    depth: int | None = Field(
        default=None, ge=1, le=MOST_DEPTH, description="How deep niches may lie within niches; 2 where nothing is said."
    )
    into: Numbers | None = Field(
        default=None, description="How many groups; of [2, 8] the largest number that is stable."
    )

    @model_validator(mode="after")
    def _one_way(self) -> SegmentationDefinition:
        ways = [name for name in _SETTINGS if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"fitted in two ways: found '{' and '.join(ways)}', wanted one of {', '.join(_SETTINGS)}")
        of_ways = {setting for settings in _SETTINGS.values() for setting in settings}
        mine = _SETTINGS[ways[0]] if ways else ()
        given = {setting for setting in of_ways if getattr(self, setting) is not None}
        for setting in sorted(given - set(mine)):
            owners = " or ".join(name for name, settings in _SETTINGS.items() if setting in settings)
            raise ValueError(f"'{setting}' says nothing {_OF[ways[0] if ways else None]}; it belongs to {owners}")
        lacking = [name for name in _NEEDED.get(ways[0] if ways else "", ()) if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"a {ways[0]} needs '{lacking[0]}' too: {type(self).model_fields[lacking[0]].description}")
        if self.cross is not None and len(set(self.cross)) < 2:
            raise ValueError(f"nothing to cross: found '{', '.join(self.cross)}', wanted at least two different names")
        if ways and self.exclusive and ways != ["cross"]:
            raise ValueError(f"'exclusive' need not be said of a {ways[0]}: nobody is ever in two of its segments")
        return self

    @property
    def way(self) -> Way | None:
        """How it is fitted; None of segments that are written one by one."""
        return next((name for name in _SETTINGS if getattr(self, name) is not None), None)

    def smallest(self, customers: int) -> int:
        """Give the size a segment needs where there are so many customers, at least 1.

        >>> SegmentationDefinition.model_validate({"cross": ["a", "b"]}).smallest(50_000)
        500
        """
        size = self.at_least if self.at_least is not None else SMALLEST_SHARE if self.cross else SMALLEST_PART
        return size if isinstance(size, int) else max(round(size * customers), 1)

    def called(self, name: str) -> str:
        """Give what people call the segmentation of this name."""
        return self.title or name.replace("_", " ").capitalize()


_SETTINGS: dict[Way, tuple[str, ...]] = {
    "cross": ("at_least",),
    "split": ("by", "outcome", "at_least", "depth"),
    "group": ("into",),
}
_NEEDED: dict[str, tuple[str, ...]] = {"split": ("by", "outcome"), "group": ("into",)}
_OF: dict[Way | None, str] = {
    "cross": "of a crossing",
    "split": "of a split",
    "group": "of a grouping",
    None: "of segments that are written one by one",
}
