"""The laws of a run: same input, same bytes; the past never sees the future; a kill at any moment harms nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from smalti.engine import Run
from smalti.store import current_run, list_runs

STEPS = ["read", "check", "traits", "models", "value map", "strategies", "segments", "publish"]


def prints(run: Run) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(run.path.glob("*.parquet"))}


def test_the_same_run_twice_gives_the_same_bytes_whatever_the_threads(make, run):
    assert len(prints(run)) == 11
    assert prints(make(threads=1)) == prints(run)
    assert prints(make(threads=2)) == prints(run)


@pytest.mark.parametrize(
    "as_of", ["2025-03-31T11:22:33Z", pytest.param("2023-09-01T00:00:00Z", marks=pytest.mark.slow)]
)
def test_a_run_as_of_the_past_is_that_of_files_that_end_there(make, export, tmp_path, as_of):
    lines = export.orders.read_text().splitlines(keepends=True)
    at = lines[0].split(",").index("ordered_at")
    known = [line for line in lines[1:] if line.split(",")[at] <= as_of]
    assert 0 < len(known) < len(lines) - 1
    (tmp_path / "orders.csv").write_text(lines[0] + "".join(known))
    (tmp_path / "customers.csv").write_bytes(export.customers.read_bytes())
    then, cut = (prints(make(home=home, as_of=as_of, threads=1)) for home in (None, tmp_path))
    assert then.pop("set_aside.parquet") != cut.pop("set_aside.parquet")
    assert then == cut


def test_an_instant_without_an_offset_is_read_in_the_time_zone_of_the_project(make):
    assert make(as_of="2025-07-01T00:30:00", threads=1).info["as_of"] == "2025-06-30T23:30:00Z"


RUNNER = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from smalti.engine import Options, run_project
    from smalti.project import parse_project

    project, _ = parse_project(sys.argv[1], "smalti.yml")
    options = Options(home=Path(sys.argv[2]), to=Path(sys.argv[3]), threads=1)

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            kill = lambda work: work.step == line.strip() and os.kill(os.getpid(), signal.SIGKILL)
            run_project(project, options, progress=kill)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    """
)
"""A process that makes runs in children; each kills itself as the step it is told begins, or is killed from without."""


class Runner:
    def __init__(self, home: Path, runs: Path) -> None:
        text = "currency: GBP\nsources: {orders: {from: orders.csv}, customers: {from: customers.csv}}"
        command = [sys.executable, "-c", RUNNER, text, str(home), str(runs)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def turn(self, step: str = "none", after: float | None = None) -> int:
        """Make a run; give the exit status, which is that of a kill if it was killed."""
        self.process.stdin.write(step + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self.process.stdout.readline())


def whole(home: Path) -> list[str]:
    """Give the names of the runs that are listed, each of which must be whole."""
    runs = list_runs(home)
    for run in runs:
        assert run.tables == (
            "customers",
            "membership",
            "models",
            "next_products",
            "personas",
            "playbook",
            "segment_traits",
            "segments",
            "set_aside",
            "strategies",
        )
        assert all(run.table(name).num_rows == rows for name, rows in run.info["tables"].items())
        assert (run.path / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert current_run(home).id == runs[-1].id
    return [run.id for run in runs]


@pytest.mark.slow
def test_a_run_killed_at_a_step_leaves_the_last_good_one(export, tmp_path):
    with Runner(export.orders.parent, tmp_path) as runner:
        assert runner.turn() == 0
        before = whole(tmp_path)
        assert len(before) == 1
        for step in STEPS:
            assert runner.turn(step) == -signal.SIGKILL
            assert whole(tmp_path) == before
        assert runner.turn() == 0
        assert len(whole(tmp_path)) == 2


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_the_last_good_one(export, tmp_path):
    chance = random.Random(5)  # noqa: S311 - when to kill
    with Runner(export.orders.parent, tmp_path) as runner:
        assert runner.turn() == 0
        begun = time.perf_counter()
        assert runner.turn() == 0
        took = time.perf_counter() - begun
        known = whole(tmp_path)
        killed = 0
        for _ in range(30):
            status = runner.turn(after=chance.uniform(0, took))
            killed += status == -signal.SIGKILL
            now = whole(tmp_path)
            assert now[: len(known)] == known
            assert len(now) - len(known) <= 1
            known = now
            if killed == 6:
                break
        assert killed > 2
