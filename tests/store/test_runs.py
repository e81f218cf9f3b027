"""A run is there whole or not at all, whoever is killed and whenever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from smalti.errors import RunError
from smalti.store import RunFolder, RunWriter, current_run, list_runs

ONE = pa.table({"customer_id": ["a"], "spend": [1.5]})


def publish(home, name, **tables):
    with RunWriter(home, name) as writer:
        for table, rows in (tables or {"customers": ONE}).items():
            writer.write_table(table, rows)
        return writer.publish({"as_of": "2026-06-30", "name": name})


def test_a_run_is_read_as_it_was_written(tmp_path):
    run = publish(tmp_path / "deep" / "runs", "r1", customers=ONE, membership=ONE)
    assert (run.id, run.tables, run.info["name"]) == ("r1", ("customers", "membership"), "r1")
    assert run.table("customers").equals(ONE)
    assert run.table("customers", columns=["spend"]).column_names == ["spend"]
    assert run.table("customers", where=[("customer_id", "=", "b")]).num_rows == 0


def test_other_files_of_a_run_are_published_with_it(tmp_path):
    with RunWriter(tmp_path, "r1") as writer:
        writer.write_text("report.html", "<p>£</p>")
        run = writer.publish({"currency": "£"})
    assert (run.path / "report.html").read_text(encoding="utf-8") == "<p>£</p>"
    assert "£" in (run.path / "run.json").read_text(encoding="utf-8")


def test_a_missing_table_gets_its_nearest_name(tmp_path):
    run = publish(tmp_path, "r1")
    with pytest.raises(RunError, match="run 'r1' has no table 'custmers', it has customers; did you mean 'customers'"):
        run.table("custmers")


def test_runs_are_listed_by_name_and_the_last_published_is_current(tmp_path):
    for name in ("r2", "r3", "r1"):
        publish(tmp_path, name)
    assert [run.id for run in list_runs(tmp_path)] == ["r1", "r2", "r3"]
    assert current_run(tmp_path).id == "r1"


def test_where_there_is_no_run_that_is_said(tmp_path):
    assert list_runs(tmp_path / "nowhere") == []
    with pytest.raises(RunError, match=r"there is no run in .* yet; make one with: smalti run"):
        current_run(tmp_path)


def test_a_pruned_current_run_gives_way_to_the_newest_by_name(tmp_path):
    publish(tmp_path, "r1")
    run = publish(tmp_path, "r2")
    for file in run.path.iterdir():
        file.unlink()
    run.path.rmdir()
    assert current_run(tmp_path).id == "r1"


def test_a_name_that_is_taken_is_refused(tmp_path):
    publish(tmp_path, "r1")
    with pytest.raises(RunError, match=r"there is a run named 'r1' in .* already"):
        RunWriter(tmp_path, "r1")


def test_a_damaged_run_says_so(tmp_path):
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "run.json").write_text("{half", encoding="utf-8")
    with pytest.raises(RunError, match="run 'r1' cannot be read"):
        _ = RunFolder(tmp_path / "r1").info


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="cannot write runs to"), RunWriter(tmp_path / "file" / "runs", "r1"):
        pass


def test_a_writer_left_before_it_published_leaves_nothing(tmp_path):
    publish(tmp_path, "r1")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ZeroDivisionError), RunWriter(tmp_path, "r2") as writer:
        writer.write_table("customers", ONE)
        _ = 1 / 0
    with RunWriter(tmp_path, "r3") as writer:
        writer.write_table("customers", ONE)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_draft_that_a_killed_writer_left_is_in_nobodys_way(tmp_path):
    RunWriter(tmp_path, "r1").__enter__().write_table("customers", ONE)
    assert list_runs(tmp_path) == []
    assert publish(tmp_path, "r1").table("customers").equals(ONE)


def test_of_two_writers_of_one_name_the_first_wins_and_the_other_is_told(tmp_path):
    with RunWriter(tmp_path, "r1") as first, RunWriter(tmp_path, "r1") as second:
        first.write_table("customers", ONE)
        second.write_table("customers", ONE.slice(1))
        first.publish({"by": "first"})
        with pytest.raises(RunError, match=r"run 'r1' cannot be published"):
            second.publish({"by": "second"})
    assert [run.info["by"] for run in list_runs(tmp_path)] == ["first"]
    assert current_run(tmp_path).table("customers").num_rows == 1


def test_writers_at_once_each_publish_a_whole_run(tmp_path):
    names = [f"r{number:02}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: publish(tmp_path, name), names))
    assert [run.id for run in list_runs(tmp_path)] == names
    assert all(run.table("customers").equals(ONE) for run in list_runs(tmp_path))
    assert current_run(tmp_path).id in names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", *names]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    rows = 200_000
    table = pa.table({"customer_id": [f"c{n % 777}" for n in range(rows)], "n": range(rows), "x": [0.1] * rows})
    pieces = pa.concat_tables([table.slice(0, 1_000), table.slice(1_000, 77_777), table.slice(78_777)])
    runs = [publish(tmp_path, name, t=one) for name, one in (("r1", table), ("r2", table), ("r3", pieces))]
    assert len({(run.path / "t.parquet").read_bytes() for run in runs}) == 1


KILLER = textwrap.dedent(
    """
    import os, random, signal, sys, time, traceback
    from pathlib import Path
    import pyarrow as pa
    from smalti.store import RunWriter

    home, chance, rows = Path(sys.argv[1]), random.Random(int(sys.argv[2])), 20_000

    def write(start):
        for number in range(start, start + 10_000):
            with RunWriter(home, f"r{number:08}") as writer:
                for name in ("customers", "membership", "strategies"):
                    columns = {"customer_id": [str(n) for n in range(rows)], "run": [number] * rows}
                    writer.write_table(name, pa.table(columns))
                writer.write_text("report.html", "x" * 100_000 + "</html>")
                writer.publish({"number": number, "rows": rows})

    for start in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                write(int(start))
            finally:
                traceback.print_exc()
                os._exit(1)
        time.sleep(chance.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        print("killed", flush=True)
    """
)
"""A process that begins writers, each from the number it is told, and kills each at some moment."""


@pytest.mark.parametrize("turns", [20, pytest.param(300, marks=pytest.mark.slow)])
def test_a_writer_killed_at_any_moment_leaves_the_last_good_run_readable(turns, tmp_path):
    publish(tmp_path, "r00000000")
    last = 0
    command = [sys.executable, "-c", KILLER, str(tmp_path), str(turns)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killer:
        for _ in range(turns):
            killer.stdin.write(f"{last + 1}\n")
            killer.stdin.flush()
            assert killer.stdout.readline() == "killed\n"
            runs = list_runs(tmp_path)
            folders = {path.name for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")}
            assert folders == {run.id for run in runs}
            for run in runs[last + 1 :]:
                assert run.tables == ("customers", "membership", "strategies")
                assert all(run.table(name).num_rows == run.info["rows"] == 20_000 for name in run.tables)
                assert (run.path / "report.html").read_text(encoding="utf-8").endswith("</html>")
            assert current_run(tmp_path).id in [run.id for run in runs[-2:]]
            last = int(runs[-1].id[1:])
        killer.stdin.close()
    assert killer.returncode == 0
    assert last > 0


@pytest.mark.parametrize("step", ["rename", "replace", "fsync"])
def test_a_writer_killed_right_at_a_step_of_publishing_leaves_a_whole_run(step, tmp_path):
    publish(tmp_path, "r1")
    planted = f"""
import os, signal, sys
from pathlib import Path
kill = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
{"os.fsync = kill" if step == "fsync" else f"Path.{step} = kill"}
import pyarrow as pa
from smalti.store import RunWriter
with RunWriter(Path(sys.argv[1]), "r2") as writer:
    writer.write_table("customers", pa.table({{"n": [1]}}))
    writer.publish({{}})
"""
    done = subprocess.run([sys.executable, "-c", planted, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert current_run(tmp_path).id == "r1"
    assert [run.id for run in list_runs(tmp_path)] == (["r1", "r2"] if step == "replace" else ["r1"])
    assert publish(tmp_path, "r3").id == current_run(tmp_path).id == "r3"


def test_what_a_killed_writer_left_a_day_ago_is_swept_up(tmp_path):
    old, young = tmp_path / ".unfinished-old-1", tmp_path / ".unfinished-young-2"
    old.mkdir()
    young.mkdir()
    long_ago = old.stat().st_mtime - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    with RunWriter(tmp_path, "r1") as writer:
        writer.publish({})
    assert not old.exists()
    assert young.exists()
