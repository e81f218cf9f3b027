"""What one customer can get: treatments by channel, bundles of them, contacts in their order."""

from plan_worlds import limits_of, treatment

from smalti.facts import DAY
from smalti.strategy.plan import actions_of

MAIL = treatment("mail", channels=["email", "sms"], message="hello", purpose="news")
CALL = treatment(
    "call",
    channels="phone",
    steps=[
        {"after": "3 days", "channel": "email", "reach": "40 %"},
        {"after": "4 days", "channel": "sms", "message": "bye"},
    ],
)
SIGN = treatment("sign")


def names(*treatments, **limits):
    return [one.name for one in actions_of(treatments, limits_of(**limits))]


def test_a_treatment_stands_once_for_each_of_its_channels():
    assert names(MAIL, CALL, SIGN) == ["mail by email", "mail by sms", "call", "sign"]


def test_bundles_are_all_subsets_that_do_not_exclude_each_other_by_every_channel():
    found = names(MAIL, CALL, SIGN, bundles=[["call", "sign", "mail"]], exclusive=[["call", "sign"]])
    assert found[4:] == ["mail by email + call", "mail by sms + call", "mail by email + sign", "mail by sms + sign"]
    whole = names(MAIL, CALL, SIGN, bundles=[["sign", "call", "mail"], ["call", "mail"]])
    assert whole[4:] == [
        "mail by email + call",
        "mail by sms + call",
        "mail by email + sign",
        "mail by sms + sign",
        "call + sign",
        "mail by email + call + sign",
        "mail by sms + call + sign",
    ]


def test_contacts_come_first_ones_first_then_by_delay():
    (bundle,) = [
        one
        for one in actions_of((MAIL, CALL), limits_of(bundles=[["call", "mail"]]))
        if one.name == "mail by sms + call"
    ]
    assert [(one.treatment, one.step, one.channel, one.delay // DAY) for one in bundle.contacts] == [
        ("mail", 1, "sms", 0),
        ("call", 1, "phone", 0),
        ("call", 2, "email", 3),
        ("call", 3, "sms", 7),
    ]
    assert [one.message for one in bundle.contacts] == ["hello", None, None, "bye"]
    assert [one.purpose for one in bundle.contacts] == ["news", "retain", "retain", "retain"]
    assert bundle.contacts[2].reach == 0.4


def test_a_treatment_without_a_channel_contacts_nobody():
    (action,) = actions_of((SIGN,), limits_of())
    assert action.channels == (None,) and action.contacts == ()
