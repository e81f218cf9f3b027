import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from smalti.report import Move, SegmentFlow, flows

STAYS = st.sets(st.tuples(st.sampled_from(["s", "t"]), st.sampled_from("abc"), st.integers(0, 8)), max_size=40)


def membership(stays):
    rows = [{"segmentation": s, "segment": g, "customer_id": str(c)} for s, g, c in sorted(stays)]
    schema = pa.schema([(name, pa.string()) for name in ("segmentation", "segment", "customer_id")])
    return pa.Table.from_pylist(rows, schema)


@given(STAYS, STAYS)
def test_flows_agree_with_sets(before, now):
    found = {flow.segmentation: flow for flow in flows(membership(before), membership(now))}
    assert set(found) == {s for s, _, _ in before} & {s for s, _, _ in now}
    for name, flow in found.items():
        for part in flow.segments:
            then = {c for s, g, c in before if (s, g) == (name, part.segment)}
            today = {c for s, g, c in now if (s, g) == (name, part.segment)}
            wanted = (len(then), len(today - then), len(then - today), len(today))
            assert (part.before, part.entered, part.left, part.now) == wanted
        everyone = {c for s, _, c in before | now if s == name}
        assert flow.stayed + flow.changed == len(everyone)
        if flow.exclusive:
            assert sum(move.customers for move in flow.moves) == flow.changed
        else:
            assert flow.moves == ()


def test_a_customer_may_come_from_nowhere_and_go_there():
    (flow,) = flows(membership({("s", "a", 1), ("s", "a", 2)}), membership({("s", "a", 2), ("s", "b", 3)}))
    assert flow.moves == (Move(None, "b", 1), Move("a", None, 1))
    assert flow.segments == (SegmentFlow("a", 2, 0, 1, 1), SegmentFlow("b", 0, 1, 0, 1))
    assert (flow.stayed, flow.changed) == (1, 2)


def test_a_row_given_twice_counts_once():
    twice = pa.concat_tables([membership({("s", "a", 1)})] * 2)
    (flow,) = flows(twice, membership({("s", "a", 1)}))
    assert flow.exclusive
    assert flow.segments == (SegmentFlow("a", 1, 0, 0, 1),)


def test_overlapping_segments_have_no_moves():
    (flow,) = flows(membership({("s", "a", 1), ("s", "b", 1)}), membership({("s", "a", 1)}))
    assert not flow.exclusive
    assert flow.moves == ()
    assert flow.changed == 1
