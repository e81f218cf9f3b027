"""The rules room's face is whole: what its modules offer is there, and nothing is promised that is not."""

from __future__ import annotations

import inspect

from language_trees import STREAMS

import smalti.rules
from smalti.rules import AGGREGATES, FUNCTIONS, Node, children, nodes, parse, rebuild, walk
from smalti.rules.aggregates import result_type


def test_every_promised_name_is_there_and_in_order():
    assert list(smalti.rules.__all__) == sorted(smalti.rules.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(smalti.rules, name) for name in smalti.rules.__all__)


def test_every_node_of_the_tree_is_on_the_face():
    kinds = {name for name, kind in vars(nodes).items() if inspect.isclass(kind) and issubclass(kind, Node)}
    assert kinds <= set(smalti.rules.__all__)


def test_everything_public_has_a_docstring():
    offered = [getattr(smalti.rules, name) for name in smalti.rules.__all__]
    assert all(inspect.getdoc(one) for one in offered if callable(one))


def test_every_aggregate_and_function_in_the_tables_can_be_written():
    for name, kind in AGGREGATES.items():
        place = ", 1" if name == "nth" else ""
        assert parse(f"{name}(orders{'' if kind.takes is None else '.at'}{place})").function == name
    for name, known in FUNCTIONS.items():
        assert parse(f"{name}({', '.join(['a'] * known.least)})").function == name


def test_every_aggregate_has_a_type_for_every_column_it_takes():
    for name, kind in AGGREGATES.items():
        for column in kind.takes or [None]:
            assert result_type(name, column) is not None


def test_a_tree_is_walked_and_rebuilt_in_the_order_it_is_written():
    node = parse("case when a > 1 and b in (1, 2) then count(orders, where c) else quantile(d, 0.5, where e) end")
    assert [part.name for part in walk(node) if hasattr(part, "name")] == ["a", "b", "c", "d", "e"]
    assert rebuild(node, lambda child: child) == node
    assert all(isinstance(child, Node) for child in children(node))
    assert "orders" in STREAMS
