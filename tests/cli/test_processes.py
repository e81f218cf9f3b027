"""The command as the shell sees it: exit status, streams, pipes, signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SMALTI = Path(sys.executable).with_name("smalti")


@pytest.fixture(scope="module", autouse=True)
def _installed():
    if not SMALTI.exists():
        pytest.skip("the command is not installed beside this Python")


def smalti(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([SMALTI, *words], cwd=folder, capture_output=True, text=True, check=False)


def test_a_refusal_is_told_on_the_stream_of_errors_with_status_two(tmp_path):
    done = smalti(tmp_path, "run", "missing.csv")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "there is no file 'missing.csv'\n")


def test_json_has_the_output_for_itself(shop):
    done = smalti(shop.folder, "explain", "c1", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("{\n")


@pytest.mark.parametrize("words", [["explain", "c1"], ["explain", "c1", "--json"]])
def test_a_reader_that_goes_away_is_no_trouble(shop, words):
    with subprocess.Popen([SMALTI, *words], cwd=shop.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        told = process.stderr.read()
    assert told == b""
    assert process.returncode == 0


@pytest.mark.slow
def test_ctrl_c_stops_a_run_in_words(tmp_path):
    lines = (f"c{n % 20_000},2026-01-01T00:00:{n % 60:02},{n % 90}.50\n" for n in range(400_000))
    (tmp_path / "o.csv").write_text("customer,date,amount\n" + "".join(lines))
    with subprocess.Popen(
        [SMALTI, "run", "o.csv"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a job in the background ignores it
    ) as process:
        for line in process.stderr:
            if "wrong?" in line:
                process.send_signal(signal.SIGINT)
                break
        told = process.stderr.read()
    assert process.returncode == 130
    assert "stopped; nothing was published" in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob(".smalti/runs/*/run.json"))
