"""What may be written under segmentations: and channels:, and how mistakes are told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from smalti.segments import ChannelDefinition, SegmentationDefinition, SegmentDefinition

SPLIT = {"split": "champions", "by": ["country"], "outcome": "value_to_come"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            SPLIT | {"cross": ["a", "b"]},
            "fitted in two ways: found 'cross and split', wanted one of cross, split, group",
        ),
        ({"group": ["a"], "into": 3, "cross": ["a", "b"]}, "fitted in two ways: found 'cross and group'"),
        ({"cross": ["a", "b"], "into": 3}, "'into' says nothing of a crossing; it belongs to group"),
        ({"cross": ["a", "b"], "by": ["x"]}, "'by' says nothing of a crossing; it belongs to split"),
        (
            {"group": ["a"], "into": 3, "at_least": 5},
            "'at_least' says nothing of a grouping; it belongs to cross or split",
        ),
        ({"depth": 3}, "'depth' says nothing of segments that are written one by one; it belongs to split"),
        ({"split": "champions", "by": ["country"]}, "a split needs 'outcome' too"),
        ({"split": "champions", "outcome": "value_now"}, "a split needs 'by' too"),
        ({"group": ["a"]}, "a group needs 'into' too"),
        ({"cross": ["a"]}, "nothing to cross: found 'a', wanted at least two different names"),
        ({"cross": ["a", "a"]}, "nothing to cross: found 'a, a'"),
        (
            {"cross": ["a", "b"], "at_least": 0},
            "not a size: found '0', wanted a whole number of customers, such as 200, or a",
        ),
        ({"cross": ["a", "b"], "at_least": 1.0}, "not a size: found '1.0'"),
        ({"cross": ["a", "b"], "at_least": True}, "not a size: found 'True'"),
        ({"cross": ["a", "b"], "at_least": "200"}, "not a size: found '200'"),
        (
            {"group": ["a"], "into": 1},
            "not a number of groups: found '1', wanted a whole number from 2 to 50, or the least",
        ),
        ({"group": ["a"], "into": [5, 2]}, "not a number of groups: found '[5, 2]'"),
        ({"group": ["a"], "into": [2, 3, 4]}, "not a number of groups"),
        ({"group": ["a"], "into": 2.5}, "not a number of groups: found '2.5'"),
        (SPLIT | {"depth": 9}, "less than or equal to 6"),
        (SPLIT | {"exclusive": True}, "'exclusive' need not be said of a split"),
        ({"crss": ["a", "b"]}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_with_a_segmentation_is_told(written, told):
    with pytest.raises(ValidationError) as caught:
        SegmentationDefinition.model_validate(written)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("written", "customers", "size"),
    [
        ({"cross": ["a", "b"]}, 50_000, 500),
        ({"cross": ["a", "b"]}, 20, 1),
        ({"cross": ["a", "b"], "at_least": 0.2}, 50, 10),
        ({"cross": ["a", "b"], "at_least": 7}, 50, 7),
        (SPLIT, 50_000, 100),
        (SPLIT | {"at_least": 0.1}, 50_000, 5_000),
    ],
)
def test_a_size_is_a_number_or_a_share(written, customers, size):
    assert SegmentationDefinition.model_validate(written).smallest(customers) == size


def test_a_definition_survives_being_written_down():
    for written in (
        {"cross": ["a", "b"], "at_least": 0.01},
        SPLIT | {"depth": 3},
        {"group": ["a"], "into": [2, 8]},
        {},
    ):
        one = SegmentationDefinition.model_validate(written)
        assert SegmentationDefinition.model_validate(one.model_dump(mode="json")) == one
        assert hash(one) == hash(SegmentationDefinition.model_validate(written))


def test_kinds_are_known():
    assert SegmentDefinition(who="vip", kind="negative").kind == "negative"
    with pytest.raises(ValidationError, match=r"unknown kind: found 'behavioral', .* did you mean 'behavioural'\?"):
        SegmentDefinition(who="vip", kind="behavioral")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"address": "email"}, "by what right a channel is used: found 'neither', wanted either consent"),
        ({"address": "email", "consent": "a", "basis": "contract, by legal"}, "found 'both'"),
        ({"address": "email", "basis": "yes"}, "a lawful basis is said in so many words: found 'yes'"),
        ({"consent": "a"}, "Field required"),
    ],
)
def test_what_is_wrong_with_a_channel_is_told(written, told):
    with pytest.raises(ValidationError) as caught:
        ChannelDefinition.model_validate(written)
    assert told in str(caught.value)
