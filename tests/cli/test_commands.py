"""Every command does what its help says, and answers machines in JSON and nothing else."""

from __future__ import annotations

import json
import webbrowser
from importlib.metadata import version
from pathlib import Path

import pytest

from smalti.store import list_runs

COMMANDS = ["run", "init", "check", "explain", "report", "demo"]


def strictly(text: str):
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_help_lists_every_command_and_each_has_an_example(terminal):
    listed = terminal.types("--help").stdout
    for command in COMMANDS:
        assert command in listed
        told = terminal.types(command, "--help").stdout
        assert "Example" in told
        assert f"smalti {command}" in told


def test_without_a_command_help_is_shown(terminal):
    assert "Commands" in terminal.types().output


def test_the_version_is_told(terminal):
    assert terminal.types("--version").stdout == f"smalti {version('smalti')}\n"


def test_run_prints_its_guess_the_summary_and_where_things_lie(terminal):
    result = terminal.types("run", terminal.orders(), "--currency", "GBP")
    assert result.exit_code == 0
    assert "orders.csv: orders" in result.stderr
    assert "amount: amount" in result.stderr
    for step in ("read", "traits", "models", "strategies", "publish"):
        assert step in result.stderr
    assert "orders: 7 customers as of 27 June 2026" in result.stdout
    assert "Success" in result.stdout
    assert "Orders: read 60 rows" in result.stdout
    run = list_runs(Path(".smalti/runs"))[0]
    assert f"run     {run.path}\nreport  {run.path / 'report.html'}\n" in result.stdout


def test_init_check_run_explain_and_report_follow_one_another(terminal):
    file = terminal.orders("data/o.csv")
    assert "next: cd shop && smalti check, then smalti run" in terminal.types("init", file, "--to", "shop").stdout
    assert "from: [../data/o.csv]" in Path("shop/smalti.yml").read_text()
    assert "all definitions are right" in terminal.types("check", "shop").stdout
    assert terminal.types("run", "shop").exit_code == 0
    assert "c3, as of" in terminal.types("explain", "c3", "--project", "shop").stdout
    path = terminal.types("report", "--path", "--project", "shop").stdout
    assert Path(path.strip()).is_file()
    assert not Path(".smalti").exists()


def test_a_project_may_be_named_by_its_file(shop):
    assert shop.types("check", "smalti.yml").exit_code == 0
    assert shop.types("run", "smalti.yml", "--to", "elsewhere").exit_code == 0


def test_files_and_columns_and_instant_and_folder_can_be_said(terminal):
    terminal.table("o.csv", ["a", "b", "c", "d"], [[f"k{n % 3}", f"2026-01-{n + 1:02}", n, n * 2] for n in range(9)])
    words = ["run", "o.csv", "--customer", "a", "--at", "b", "--amount", "d", "--as-of", "2026-02-01", "--to", "there"]
    told = strictly(terminal.types(*words, "--json").stdout)
    assert told["as_of"] == "2026-02-01"
    assert told["account"][0]["money"]["total"] == sum(n * 2 for n in range(9)) * 100
    assert Path(told["path"]).parent == Path("there")


def test_json_is_json_and_nothing_else(shop):
    told = strictly(shop.types("run", "--json").stdout)
    assert told["customers"] == 7
    assert told["tables"]["strategies"] == 14
    assert Path(told["report"]).is_file()
    assert strictly(shop.types("check", "--json").stdout)["problems"] == []
    story = strictly(shop.types("explain", "c1", "--json").stdout)
    assert [choice["rank"] for choice in story["choices"]] == [1, 2]


def test_what_is_wrong_is_told_in_json_too(terminal):
    result = terminal.types("run", "missing.csv", "--json")
    assert result.exit_code == 2
    assert strictly(result.stdout) == {"error": "SourceError", "text": "there is no file 'missing.csv'"}
    terminal.file("smalti.yml", f"nam: x\ntraits: {{a: 5}}\nsources: {{orders: {{from: {terminal.orders()}}}}}\n")
    result = terminal.types("check", "--json")
    assert result.exit_code == 2
    told = strictly(result.stdout)["problems"]
    assert [(one["line"], one["column"], one["hint"]) for one in told] == [(1, 1, "name"), (2, 13, None)]
    assert told[0]["text"].startswith("smalti.yml:1:1: unknown setting")


def test_a_failing_machine_is_told_in_json_too(terminal, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr("smalti.cli.app.run_project", full)
    result = terminal.types("run", terminal.orders(), "--json")
    assert result.exit_code == 2
    assert strictly(result.stdout)["text"] == "/somewhere: No space left on device"
    assert "/somewhere: No space left on device" in terminal.complaint("run", "orders.csv")


def test_explain_tells_a_story(shop):
    told = " ".join(shop.types("explain", "c1").stdout.split())
    for part in ("c1, as of 27 June 2026", "On the value map:", "First:", "Second:", "What would change that:"):
        assert part in told


def test_explain_tells_the_nearest_customer(shop):
    assert "knows no customer 'C1' among its 7; did you mean 'c1'?" in shop.complaint("explain", "C1")


def test_report_opens_the_newest_page(shop, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    path = shop.types("report").stdout.strip()
    assert opened == [Path(path).resolve().as_uri()]
    assert Path(path).name == "report.html"


def test_the_path_of_a_report_is_one_line_however_long(terminal):
    deep = "a folder with a rather long name/" * 6 + "runs"
    assert terminal.types("run", terminal.orders(), "--to", deep).exit_code == 0
    assert Path(terminal.types("report", "--path", "--to", deep).stdout.removesuffix("\n")).is_file()


def test_demo_invents_a_shop_and_says_what_next(terminal):
    told = terminal.types("demo", "--customers", "20").stdout
    assert "Corner Shop: 20 customers" in told
    assert "next: cd demo && smalti report, or smalti explain C000001" in " ".join(told.split())
    assert terminal.types("explain", "C000001", "--project", "demo").exit_code == 0
    assert terminal.types("check", "demo").exit_code == 0


def test_ctrl_c_is_told_and_nothing_is_published(terminal, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    terminal.orders()
    monkeypatch.setattr("smalti.engine.batch.publish", interrupted)
    result = terminal.types("run", "orders.csv")
    assert result.exit_code == 130
    assert "stopped; nothing was published" in result.stderr
    assert list_runs(Path(".smalti/runs")) == []
