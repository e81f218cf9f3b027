"""Where in a file of definitions each value is written, to the character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import yaml

from smalti.errors import Problem

Path_: TypeAlias = tuple[str | int, ...]
"""The way to a value, such as ``("traits", "spend_365d")``; with ``"key"`` behind it, to its name."""

_PLAIN = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq", "merge")
)


@dataclass(frozen=True)
class Place:
    """Where a value stands in a file.

    Attributes:
        line: The line it begins on, counted from 1.
        column: The character of that line, counted from 1.
        written: A text as it is written there: quoted, indented, folded; empty for anything but a text.
        value: The text that is meant.
    """

    line: int
    column: int
    written: str = ""
    value: str = ""

    def within(self, line: int, column: int) -> tuple[int, int]:
        """Give the line and column in the file of a line and column in the text.

        >>> Place(4, 9, "'a + b'", "a + b").within(1, 5)
        (4, 14)
        """
        if not self.written:
            return self.line, self.column
        before = sum(len(one) + 1 for one in self.value.split("\n")[: line - 1]) + column - 1
        here = self.written.find("\n") + 1 if self.written[0] in "|>" else int(self.written[0] in "'\"")
        for sign in self.value[:before]:
            here = here if sign.isspace() else max(here, self.written.find(sign, here) + 1)
        following = self.value[before : before + 1].strip()
        here = max(here, self.written.find(following, here)) if following else here
        start = self.written.rfind("\n", 0, here)
        return self.line + self.written.count("\n", 0, here), here - start + (self.column - 1 if start < 0 else 0)


@dataclass(frozen=True)
class Origin:
    """Where each definition of a project was written.

    Attributes:
        file: The file's name for messages; None for a project built in code.
        places: Places by path, such as ``("traits", "spend_365d")``.
    """

    file: str | None = None
    places: Mapping[Path_, Place] = field(default_factory=dict)

    def locate(self, problem: Problem, path: Path_) -> Problem:
        """Give the problem its file, line and column, from its place within the text at `path`."""
        spot = path
        while spot and spot not in self.places:
            spot = spot[:-1]
        if not spot:
            return replace(problem, file=self.file, line=None, column=None)
        inside = spot == path and problem.line is not None
        line, column = self.places[spot].within(*(problem.line or 1, problem.column or 1) if inside else (1, 1))
        return replace(problem, file=self.file, line=line, column=column)


def read_places(root: yaml.Node, text: str) -> dict[Path_, Place]:
    """Note the place of every value and of every name.

    >>> read_places(yaml.compose("name: Shop"), "name: Shop")["name",]
    Place(line=1, column=7, written='Shop', value='Shop')
    """
    places: dict[Path_, Place] = {}

    def note(node: yaml.Node, path: Path_) -> None:
        start, end = node.start_mark, node.end_mark
        if isinstance(node, yaml.ScalarNode):
            places[path] = Place(start.line + 1, start.column + 1, text[start.index : end.index], node.value)
            return
        places[path] = Place(start.line + 1, start.column + 1)
        for name, key, value in _parts(node):
            note(value, (*path, name))
            if key is not None:
                places[(*path, name, "key")] = Place(key.start_mark.line + 1, key.start_mark.column + 1)

    note(root, ())
    return places


def oddities(root: yaml.Node) -> tuple[list[Problem], list[Problem]]:
    """Look for what YAML allows and a project does not.

    Returns:
        Names written twice; and what cannot be read as values at all: tags of other kinds, and anchors that hold themselves.
    """
    twice: list[Problem] = []
    foreign: list[Problem] = []

    def look(node: yaml.Node, above: tuple[yaml.Node, ...]) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if node in above:
            foreign.append(Problem("a value that holds itself", wanted="none", line=line, column=column))
            return
        if node.tag not in _PLAIN:
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            foreign.append(Problem("a tag", kind, "plain names, texts and numbers", line=line, column=column))
        seen: set[str | int] = set()
        for name, key, value in _parts(node):
            if key is not None and name in seen:
                mark = key.start_mark
                twice.append(
                    Problem("written twice", str(name), "each name once", line=mark.line + 1, column=mark.column + 1)
                )
            seen.add(name)
            look(value, (*above, node))

    look(root, ())
    return twice, foreign


def _parts(node: yaml.Node) -> list[tuple[str | int, yaml.Node | None, yaml.Node]]:
    """Give what stands in a node: name or position, the node of the name, the node of the value."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value) if isinstance(key, yaml.ScalarNode) else "", key, value) for key, value in node.value]
    return (
        [(place, None, value) for place, value in enumerate(node.value)] if isinstance(node, yaml.SequenceNode) else []
    )
