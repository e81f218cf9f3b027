from smalti.report import summary


def test_the_summary_is_plain_text(small_run):
    info, tables = small_run
    found = summary(info, tables)
    assert (found.project, found.customers, found.as_of) == ("Corner Shop", "1,000 customers", "30 June 2026, 23:59")
    assert [title for title, _ in found.values] == ["Value now", "Value to come", "Value at risk", "Untapped potential"]
    assert found.strategies[0].title == "Cross-sell"
    assert [line.title for line in found.strategies[-2:]] == ["Leave alone", "Do not target"]
    assert found.strategies[0].success == "5\xa0% assumed"
    assert found.accounts[0] == "Every penny of the orders is accounted for."
    assert found.balanced
    assert len(found.notes) == 2


def test_an_account_that_does_not_add_up_is_told(small_run):
    info, tables = small_run
    account = {**info["account"][0], "money": {**info["account"][0]["money"], "kept": 1}}
    found = summary({**info, "account": [account]}, tables)
    assert not found.balanced
    assert found.accounts[0].startswith("Orders: The parts miss the total by £")


def test_a_run_without_anything():
    found = summary({}, {})
    assert found.customers == "0 customers"
    assert found.gain == "–"
    assert found.strategies == () == found.accounts
