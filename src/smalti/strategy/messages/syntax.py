"""The syntax of templates: Jinja's own, cut down to names, filters, comparisons and if; read within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from smalti.errors import Problem

LONGEST_TEMPLATE = 50_000
"""Characters that a template may have."""
MOST_TAGS = 500
"""Pairs of braces that a template may have."""
MOST_TOKENS = 120
"""Words and signs within one pair of braces."""
_LARGEST = 1e20
DEEPEST = 12
"""How deep brackets, or ifs, may be nested."""

_PARSER = Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - it only reads
_ESCAPES = re.compile(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = frozenset("\\'\"nt")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters, which no mail can carry."""
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


@lru_cache(maxsize=1 << 10)
def tree_of(text: str) -> nodes.Template | Problem:
    """Read a template; give its tree, or why it can't be read or is larger than any message.

    >>> type(tree_of("Dear {{ name }}")).__name__, str(tree_of("Dear {{ name"))
    ('Template', "1: cannot be read: unexpected end of template, expected 'end of print statement'")
    """
    if len(text) > LONGEST_TEMPLATE:
        return Problem("too long", f"{len(text):,} characters", f"at most {LONGEST_TEMPLATE:,}")
    if unseen := _UNSEEN.search(text):
        line = text.count("\n", 0, unseen.start()) + 1
        return Problem(
            "a sign that cannot be sent", f"U+{ord(unseen[0]):04X}", "letters, signs and line ends", line=line
        )
    try:
        for problem in _beyond_bounds(text):
            return problem
        return _PARSER.parse(text)
    except TemplateSyntaxError as error:
        return Problem(f"cannot be read: {error.message}".rstrip("."), line=error.lineno)
    except (RecursionError, ValueError, OverflowError):
        return Problem("cannot be read: nested too deeply, or a number too long")


def _beyond_bounds(text: str) -> Iterator[Problem]:
    """Tell what in a template is larger than any message needs, before anything is made of it."""
    tags = tokens = brackets = ifs = elifs = 0
    before = ""
    for line, kind, word in _PARSER.lex(text):
        if kind in ("variable_begin", "block_begin"):
            tags, tokens, brackets = tags + 1, 0, 0
        elif kind not in ("whitespace", "data"):
            tokens += 1
        brackets += (word in _OPENS) - (word in _CLOSES) if kind == "operator" else 0
        if kind == "name" and before == "block_begin":
            ifs, elifs = ifs + (word == "if") - (word == "endif"), elifs + (word == "elif")
        if tags > MOST_TAGS or elifs > MOST_TAGS // 5:
            yield Problem("too many braces", wanted=f"at most {MOST_TAGS}, and {MOST_TAGS // 5} of elif", line=line)
        if tokens > MOST_TOKENS or brackets > DEEPEST or ifs > DEEPEST:
            yield Problem("too much within one pair of braces, or nested too deeply", word[:40], line=line)
        if kind in ("integer", "float") and (len(word) > 20 or float(word.replace("_", "")) > _LARGEST):
            yield Problem("too long a number", word[:40], "at most 20 digits", line=line)
        if kind == "string" and not _KNOWN_ESCAPES.issuperset(_ESCAPES.findall(word)):
            yield Problem("unknown escape in a text", word[:40], "none, or one of \\\\ \\' \\\" \\n \\t", line=line)
        before = before if kind == "whitespace" else kind
