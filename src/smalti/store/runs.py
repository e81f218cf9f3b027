"""Run folders: written beside the others under a name no reader looks for, then renamed, then named the newest.

The order of these three is what makes a kill at any moment harmless: before the rename there is no run of that name;
after it the run is whole; ``current`` is a small file replaced in one step.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from smalti.errors import RunError, nearest

_UNFINISHED = ".unfinished-"
_CURRENT = "current"
_ABANDONED = 24 * 60 * 60.0


@dataclass(frozen=True)
class RunFolder:
    """A published run: ``run.json``, Parquet tables, ``report.html``."""

    path: Path

    @property
    def id(self) -> str:
        """The run's name."""
        return self.path.name

    @cached_property
    def info(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        try:
            return dict(json.loads((self.path / "run.json").read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise RunError(f"run '{self.id}' cannot be read: {error}") from error

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables."""
        return tuple(sorted(path.stem for path in self.path.glob("*.parquet")))

    def table(
        self, name: str, *, columns: list[str] | None = None, where: list[tuple[str, str, object]] | None = None
    ) -> pa.Table:
        """Read a table, or some columns or rows of it.

        Args:
            name: One of `tables`.
            columns: The columns wanted; None reads all.
            where: Conditions such as ``("customer_id", "=", "C42")``, all of which must hold.

        Raises:
            RunError: The run has no such table.
        """
        file = self.path / f"{name}.parquet"
        if not file.is_file():
            near = nearest(name, self.tables)
            hint = f"; did you mean '{near}'?" if near else ""
            raise RunError(f"run '{self.id}' has no table '{name}', it has {', '.join(self.tables)}{hint}")
        return pq.read_table(file, columns=columns, filters=where)


class RunWriter:
    """Write a run, then publish it whole; left before `publish`, nothing of it stays.

    Args:
        home: The folder of all runs, such as ``.smalti/runs``; made where it is missing.
        run_id: The run's name, which must be free.

    Raises:
        RunError: There is a run of that name already.

    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with RunWriter(home, "r1") as writer:
    ...     writer.write_table("customers", pa.table({"customer_id": ["a"]}))
    ...     run = writer.publish({"as_of": "2026-06-30"})
    >>> run.table("customers").num_rows, current_run(home).id
    (1, 'r1')
    """

    def __init__(self, home: Path, run_id: str) -> None:
        self._home = home
        self._final = home / run_id
        self._draft = home / f"{_UNFINISHED}{run_id}-{uuid4().hex}"
        if self._final.exists():
            raise RunError(f"there is a run named '{run_id}' in {home} already")

    def __enter__(self) -> Self:
        try:
            self._draft.mkdir(parents=True)
        except OSError as error:
            raise RunError(f"cannot write runs to {self._home}: {error.strerror}") from error
        _sweep(self._home)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._draft, ignore_errors=True)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write one table of the run as Parquet: the same rows give the same bytes."""
        pq.write_table(table, self._draft / f"{name}.parquet", compression="zstd")

    def write_text(self, name: str, text: str) -> None:
        """Write one text file of the run."""
        (self._draft / name).write_text(text, encoding="utf-8")

    def publish(self, info: Mapping[str, Any]) -> RunFolder:
        """Write ``run.json``, make the run visible in one step and name it the newest.

        Raises:
            RunError: Another writer has published a run of that name meanwhile.
        """
        self.write_text("run.json", json.dumps(info, indent=2, ensure_ascii=False) + "\n")
        for file in self._draft.iterdir():
            _to_disk(file)
        _to_disk(self._draft)
        try:
            self._draft.rename(self._final)
        except OSError as error:
            why = "there is one of that name already" if self._final.exists() else error.strerror
            raise RunError(f"run '{self._final.name}' cannot be published in {self._home}: {why}") from error
        _to_disk(self._home)
        _name_current(self._home, self._final.name)
        return RunFolder(self._final)


def list_runs(home: Path) -> list[RunFolder]:
    """Give the published runs of a folder, oldest first by name; drafts of unfinished runs are not among them."""
    if not home.is_dir():
        return []
    return [
        RunFolder(path)
        for path in sorted(home.iterdir())
        if (path / "run.json").is_file() and not path.name.startswith(".")
    ]


def current_run(home: Path) -> RunFolder:
    """Give the newest run.

    Raises:
        RunError: There is none yet.
    """
    pointer = home / _CURRENT
    if pointer.is_file():
        run = RunFolder(home / pointer.read_text(encoding="utf-8").strip())
        if (run.path / "run.json").is_file():
            return run
    runs = list_runs(home)
    if not runs:
        raise RunError(f"there is no run in {home} yet; make one with: smalti run")
    return runs[-1]


def _sweep(home: Path) -> None:
    """Remove what killed writers left behind; a draft untouched for a day has nobody who writes it."""
    for draft in [*home.glob(f"{_UNFINISHED}*"), *home.glob(f".{_CURRENT}-*")]:
        with suppress(FileNotFoundError):  # another writer may publish it meanwhile
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                shutil.rmtree(draft, ignore_errors=True) if draft.is_dir() else draft.unlink()


def _name_current(home: Path, run_id: str) -> None:
    draft = home / f".{_CURRENT}-{run_id}"
    draft.write_text(run_id + "\n", encoding="utf-8")
    _to_disk(draft)
    draft.replace(home / _CURRENT)
    _to_disk(home)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
