"""HTML in templates: where a value may stand, so that no value can become markup or a script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from jinja2 import nodes

from smalti.errors import Problem

_TAG = re.compile(r"<[A-Za-z/!?]|<$")
_VALUE, _LINK, _PART, _BRANCH = "\ue000", "\ue001", "\ue002", "\ue003"
_MARKS = frozenset((_VALUE, _LINK, _PART, _BRANCH))
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME = r"[^\s\"'<>/=]+"
_TAG_WITH_QUOTES = re.compile(
    rf"<[A-Za-z][^\s/>\"'=<]*(?:[\s/]+{_NAME}(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?)*[\s/]*>"
)
_WHOLE = re.compile(
    rf"<!--.*?-->|<[!?][^<>]*>|</[A-Za-z][^<>{_VALUE}-{_BRANCH}]*>|{_TAG_WITH_QUOTES.pattern}", re.DOTALL
)
_BROKEN = re.compile(f"<[A-Za-z/!?{_VALUE}-{_BRANCH}]")
_URLS = frozenset(
    {"href", "src", "action", "formaction", "background", "cite", "poster", "data", "longdesc", "srcset", "ping"}
)
_RAW = frozenset(
    {
        "script",
        "style",
        "xmp",
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "plaintext",
        "textarea",
        "title",
        "template",
    }
    | {"svg", "math", "object"}
)
_NO_VALUES = _RAW | {"meta", "base", "link", "embed", "frame", "param", "applet"}
_START = re.compile(r"\s*(?:https?://[\w.-]+[/?#]|mailto:)", re.IGNORECASE)


def is_html(tree: nodes.Template) -> bool:
    """Say whether there is a tag, or the beginning of one, in the words of a template itself; values have no part in it.

    >>> from smalti.strategy.messages.syntax import tree_of
    >>> is_html(tree_of("<p>Dear {{ name }}</p>")), is_html(tree_of("Dear {{ name }}, we <3 you"))
    (True, False)
    """
    return any(_TAG.search(node.data) for node in tree.find_all(nodes.TemplateData))


def unsafe_places(tree: nodes.Template) -> Iterator[Problem]:
    """Tell which values stand where escaping is not enough: in a tag, a script, a style, or a link that they could turn."""
    told: list[str] = []
    lines: list[int] = []
    for mark, line in _marked(tree.body):
        told.append(mark)
        lines += [line] * sum(sign in _MARKS for sign in mark) if mark in _MARKS else []
    text = "".join(told)
    yield from _broken(text, lines)
    reader = _Places()
    reader.feed(text)
    reader.close()
    for place, why in sorted(reader.found):
        yield Problem(f"a value where it is not safe: {why}", line=lines[place])
    if reader.seen < len(lines):
        yield Problem("a value where it is not safe: within a tag that does not end", line=lines[reader.seen])


def _broken(text: str, lines: list[int]) -> Iterator[Problem]:
    """Tell the first tag that does not end, or that two readers could read in two ways."""
    rest = _WHOLE.sub(lambda tag: "".join(sign for sign in tag[0] if sign in _MARKS or sign == "\n"), text)
    broken = _BROKEN.search(rest)
    if broken is None:
        return
    before = rest[: broken.start()]
    marks = [place for place, sign in enumerate(before) if sign in _MARKS]
    line = (lines[len(marks) - 1] if marks else 1) + before[marks[-1] if marks else 0 :].count("\n")
    found = "".join("..." if sign in _MARKS else sign for sign in rest[broken.start() : broken.start() + 20])
    wanted = "one that ends, its values within quotes"
    yield Problem("a tag that cannot be read", found.split("\n")[0], wanted, line=line)


def _marked(body: Iterable[nodes.Node]) -> Iterator[tuple[str, int]]:
    """Give a template as text, with one sign for each value and for each border of a branch."""
    for node in body:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if isinstance(part, nodes.TemplateData):
                    yield "".join(sign for sign in part.data if sign not in _MARKS), part.lineno
                else:
                    yield _sign(part), part.lineno
        elif isinstance(node, nodes.If):
            branches = [node.body, *([one] for one in list[nodes.Node](node.elif_)), node.else_]
            for branch in branches:
                yield _BRANCH, node.lineno
                yield from _marked(branch)
            yield _BRANCH, node.lineno


def _sign(expression: nodes.Node) -> str:
    last = expression.name if isinstance(expression, nodes.Filter) else ""
    return {"link": _LINK, "url": _PART}.get(last, _VALUE)


class _Places(HTMLParser):
    """Reads HTML and notes the places of the marks that stand where they may not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        self.seen = 0
        self._raw: list[str] = []

    def _note(self, text: str, why: str | None) -> None:
        for sign in text:
            if sign in _MARKS:
                if why is not None:
                    self.found.append((self.seen, why))
                self.seen += 1

    def handle_data(self, data: str) -> None:
        self._note(data, f"within <{self._raw[-1]}>" if self._raw else None)

    def handle_comment(self, data: str) -> None:
        self._note(data, "within a comment")

    def handle_decl(self, decl: str) -> None:
        self._note(decl, "within a declaration")

    def unknown_decl(self, data: str) -> None:
        self._note(data, "within a declaration")

    def handle_pi(self, data: str) -> None:
        self._note(data, "within a declaration")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)
        if tag in _RAW:
            self._raw.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._note(tag, "within a tag")
        if tag in self._raw:
            del self._raw[len(self._raw) - 1 - self._raw[::-1].index(tag) :]

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        marks = [sign for sign in raw if sign in _MARKS]
        if not marks:
            return
        told = sum(sign in _MARKS for _, value in attrs for sign in value or "")
        bare = any(sign in _MARKS for sign in _QUOTED.sub("", raw)) or not _TAG_WITH_QUOTES.fullmatch(raw)
        if tag in _NO_VALUES:
            self._note("".join(marks), f"within the tag {tag}")
            return
        if self._raw or bare or told != len(marks):
            self._note("".join(marks), "within a tag but not within the quotes of an attribute")
            return
        for name, value in attrs:
            if value is not None:
                self._note(value, _why_not(name, value))


def _why_not(name: str, value: str) -> str | None:
    """Say why marks may not stand in an attribute, None where they may."""
    if _BRANCH in value:
        return "an if within a tag"
    if name.startswith("on") or name in ("style", "srcdoc"):
        return f"within the attribute {name}"
    if name not in _URLS:
        return None
    whole = value.strip()
    if whole == _LINK:
        return None
    start = _START.match(value)
    if start and not any(sign in (_VALUE, _LINK) for sign in value[start.end() :]):
        return None
    if value[:1] == _LINK and not any(sign in (_VALUE, _LINK) for sign in value[1:]):
        return None
    return "in a link, without | link for a whole one or, after https://host/, | url for a part of it"
