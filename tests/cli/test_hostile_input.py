"""Whatever is thrown at it: a clear answer each, exit status 2 where it is refused, never a traceback, never a silent drop."""

from __future__ import annotations

import gzip
import json

import pytest

HEAD = "customer,date,amount\n"
GOOD = "a,2026-01-01,5\nb,2026-02-01,6\n"


def run(terminal, *words: str) -> dict:
    """Run and give the answer in JSON; every row and penny must be accounted for."""
    result = terminal.types("run", *words, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    for account in told["account"]:
        for kind in ("rows", "money"):
            tally = account[kind]
            assert tally is None or tally["total"] == tally["kept"] + tally["returns"] + tally["set_aside"]
    return told


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "'empty.csv' is empty: 0 bytes"),
        ("header.csv", HEAD.encode(), "'header.csv' has a header and no rows"),
        ("junk.csv", bytes(range(256)) * 20, "'junk.csv' is not a text file we know: it holds binary data"),
        ("bad.csv.gz", b"\x1f\x8b\x08 and then junk", "'bad.csv.gz' is damaged"),
        ("cut.csv.gz", gzip.compress((HEAD + GOOD * 50).encode(), mtime=0)[:-20], "'cut.csv.gz' is damaged"),
        ("bad.parquet", b"PAR1 junk PAR1", "'bad.parquet' is damaged or no Parquet file"),
        ("bad.xlsx", b"PK\x03\x04 junk", "'bad.xlsx' is damaged or no Excel file"),
        (
            "future.csv",
            f"{HEAD}a,2226-01-01,5\nb,2226-01-02,5\n".encode(),
            "no row of future.csv is usable: 2 rows: date in the future",
        ),
        ("nobody.csv", f"{HEAD},2026-01-01,5\n,2026-01-02,6\n".encode(), "nobody.csv"),
        ("prose.csv", b"Dear Sir\nI write to you\nabout my order\n", "cannot see which column is"),
    ],
)
def test_a_file_of_no_use_is_told(terminal, name, content, told):
    assert told in terminal.complaint("run", terminal.file(name, content))


def test_what_is_not_there_is_told(terminal):
    terminal.orders("orders.csv")
    (terminal.folder / "folder").mkdir()
    assert "there is no file 'order.csv'; did you mean 'orders.csv'?" in terminal.complaint("run", "order.csv")
    assert "no file matches '*.tsv'" in terminal.complaint("run", "*.tsv")
    assert "'folder' is a folder; wanted files, such as folder/*.csv" in terminal.complaint("run", "folder")
    assert "no smalti.yml in .; make one with: smalti init FILE" in terminal.complaint("run")
    assert "no smalti.yml in folder" in terminal.complaint("check", "folder")
    assert "there is no run in .smalti/runs yet; make one with: smalti run" in terminal.complaint("explain", "c1")
    assert "there is no run in" in terminal.complaint("report", "--path")
    assert "x" * 50 in terminal.complaint("run", "x" * 300)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--amount", "amuont"],
            "there is no column 'amuont' for amount; the columns are customer, date, amount; did you mean 'amount'?",
        ),
        (["--customer", "cust"], "there is no column 'cust' for customer"),
        (["--as-of", "yesterday"], "not an instant: found 'yesterday', wanted a date such as 2026-06-30"),
        (["--as-of", "1999-01-01"], "as of 1999-01-01 there is no customer yet"),
        (["--as-of", "0001-01-01"], "as of 0001-01-01 there is no customer yet"),
        (
            ["--currency", "gbp"],
            "unknown currency: found 'gbp', wanted an ISO 4217 code such as EUR; did you mean 'GBP'?",
        ),
        (["--currency", "nonsense"], "unknown currency: found 'nonsense'"),
        (["--to", "orders.csv"], "cannot write runs to orders.csv: 'orders.csv' is not a folder"),
        (["--amont", "x"], "No such option: --amont"),
    ],
)
def test_a_wrong_option_is_told(terminal, words, told):
    terminal.orders()
    assert told in terminal.complaint("run", "orders.csv", *words)


def test_options_about_files_do_not_go_with_a_project(shop):
    assert "--currency goes with files; the project in '.' says it in its smalti.yml" in shop.complaint(
        "run", "--currency", "EUR"
    )


def test_definitions_are_not_written_over(shop):
    assert "smalti.yml is there already; move it away first" in shop.complaint("init", "orders.csv")
    assert "holds a project of your own" in shop.complaint("demo", "--to", ".")


def test_a_wrong_command_is_told(terminal):
    assert "No such command 'rum'" in terminal.complaint("rum")
    assert "--customers" in terminal.complaint("demo", "--customers", "0")


@pytest.mark.parametrize(
    ("content", "customers"),
    [
        ("a,2026-01-01,5\n", 1),
        ("a,2026-01-01,5\na,2026-02-01,6\n", 1),
        ("a,2026-01-01,-5\nb,2026-01-02,-6\n", 2),
        ("a,2026-01-01,0\nb,2026-01-02,0\n", 2),
    ],
)
def test_the_smallest_files_get_an_answer(terminal, content, customers):
    assert run(terminal, terminal.file("o.csv", HEAD + content))["customers"] == customers


@pytest.mark.slow
def test_ten_thousand_columns_are_no_trouble(terminal):
    header = ["customer", "date", "amount", *(f"x{n}" for n in range(9_997))]
    rows = [[f"c{n}", "2026-01-02", 5, *([1] * 9_997)] for n in range(5)]
    assert run(terminal, terminal.table("wide.csv", header, rows))["customers"] == 5


def test_bytes_that_are_not_utf_8_are_read_and_said(terminal):
    told = run(terminal, terminal.file("o.csv", (HEAD + "Jürgen,2026-01-01,5\nZoë,2026-01-04,5\n").encode("latin-1")))
    assert any("judged by its bytes" in note for note in told["notes"])
    assert "Jürgen, as of" in terminal.types("explain", "Jürgen").stdout
    assert (
        run(terminal, terminal.file("b.csv", HEAD.encode() + b"\x81\xff,2026-01-01,5\nb,2026-01-02,6\n"))["customers"]
        == 2
    )


def test_rows_that_are_bad_are_set_aside_and_counted(terminal):
    rows = "a,2026-01-01,5\nb,soon,5\nc,2226-01-01,5\n,2026-01-02,5\nd,2026-01-03,free\na,2026-02-01,7\n"
    account = run(terminal, terminal.file("o.csv", HEAD + rows))["account"][0]
    assert account["rows"] == {"total": 6, "kept": 2, "returns": 0, "set_aside": 4}
    assert {one["reason"] for one in account["reasons"]} == {
        "unreadable date",
        "date in the future",
        "no customer",
        "unreadable amount",
    }


def test_columns_of_one_name_are_told_apart(terminal):
    file = terminal.table(
        "o.csv", ["customer", "date", "amount", "amount"], [["a", "2026-01-01", 5, 6], ["b", "2026-01-02", 7, 8]]
    )
    assert run(terminal, file)["account"][0]["money"]["total"] in (1200, 1400)
    assert "amount_2" in terminal.complaint("run", file, "--amount", "amuont_2")


NAMES = [
    "<script>alert(1)</script>",
    "</script><b>",
    '"quoted"',
    "Robert'); DROP TABLE orders;--",
    "' OR 1=1 --",
    "new\nline",
    "[bold]x[/bold]",
    ":bug:",
    "{{ 7 * 7 }}",
    "${HOME}",
    "日本語 😀",
    "\\N",
    "null",
    "-1",
]


def test_hostile_names_of_customers_are_names_and_nothing_else(terminal):
    rows = [[name, f"2026-0{month}-{day + 1:02}", 5] for day, name in enumerate(NAMES) for month in (1, 2)]
    told = run(terminal, terminal.table("o.csv", ["customer <script>", "date", "amount"], rows))
    known = [name for name in NAMES if name not in ("\\N", "null")]
    assert told["customers"] >= len(known)
    page = (terminal.folder / told["report"]).read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    for name in known:
        result = terminal.types("explain", "--", name)
        assert result.exit_code == 0
        assert result.stdout.startswith(name.split("\n")[0])
        assert json.loads(terminal.types("explain", "--json", "--", name).stdout)["customer"] == name


def test_hostile_names_of_columns_are_names_and_nothing_else(terminal):
    header = [
        "customer",
        "date",
        "amount",
        "category",
        '"; DROP TABLE orders; --',
        "<script>alert(1)</script>",
        "new\nline",
    ]
    rows = [[f"c{n % 5}", f"2026-01-{n + 1:02}", 5, "<i>", "a", "b", "c"] for n in range(25)]
    terminal.table("o.csv", header, rows)
    people = ["customer", *header[4:], "select", "[red]x[/]"]
    terminal.table("c.csv", people, [[f"c{n}", "a", "b", "c", "d", "e"] for n in range(5)])
    told = run(terminal, "o.csv", "c.csv")
    assert told["customers"] == 5
    assert "<script>alert(1)" not in (terminal.folder / told["report"]).read_text(encoding="utf-8")
    assert terminal.types("run", "o.csv", "c.csv").exit_code == 0
    assert terminal.types("init", "o.csv", "c.csv").exit_code == 0
    assert terminal.types("check").exit_code == 0


def test_mixed_types_are_read_where_they_can_be(terminal):
    rows = 'a,2026-01-01,5\n7,02/01/2026,free\n8.0,March 5 2026,"1,234.5"\nx,,\nb,2026-01-09,3\n'
    account = run(terminal, terminal.file("o.csv", HEAD + rows))["account"][0]
    assert account["rows"]["total"] == 5
    assert account["rows"]["kept"] >= 2


def test_broken_definitions_are_all_told_at_once(terminal):
    terminal.orders()
    terminal.file(
        "smalti.yml",
        "sources: {orders: {from: orders.csv}}\ntraits: {a: count(ordrs), b: '[bold]'}\nsegments: {c: spend_total}\n",
    )
    told = terminal.complaint("run")
    assert "3 problems in the definitions" in told
    assert "smalti.yml:2:13: trait a: unknown stream: found 'ordrs'" in told
    assert "found '['" in told
    assert told in terminal.complaint("check") or "3 problems" in terminal.complaint("check")


def test_binary_junk_for_definitions_is_told(terminal):
    terminal.file("smalti.yml", bytes(range(128, 256)))
    assert "smalti.yml cannot be read as UTF-8 text" in terminal.complaint("check")
    terminal.file("smalti.yml", bytes(range(32)))
    assert "not YAML" in terminal.complaint("run")
