from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from smalti.cli.app import app

HEAD = "customer,date,amount\n"


class Terminal:
    """Types commands in a folder; none of them may end in a traceback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def table(self, name: str, header: list[str], rows: list[list[object]]) -> str:
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return name

    def orders(self, name: str = "orders.csv", customers: int = 7) -> str:
        rows = (f"c{n % customers},2026-0{n % 6 + 1}-{n % 27 + 1:02},{n % 9 + 1}.50\n" for n in range(60))
        return self.file(name, HEAD + "".join(rows))

    def types(self, *words: str) -> Result:
        result = CliRunner().invoke(app, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    def complaint(self, *words: str) -> str:
        """Type what must be refused; give what is said about it, on one line."""
        result = self.types(*words)
        assert result.exit_code == 2, result.output
        return " ".join((result.stderr or result.stdout).split())


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a project that has been run."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("shop")
        patch.chdir(folder)
        one = Terminal(folder)
        one.orders()
        assert one.types("init", "orders.csv", "--currency", "GBP", "--time-zone", "Europe/London").exit_code == 0
        assert one.types("run").exit_code == 0
        yield one
