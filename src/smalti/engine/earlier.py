"""What changed definitions are compared with: those of an earlier run, or of another project."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smalti.errors import RunError, SmaltiError, SourceError, nearest
from smalti.facts import Instant
from smalti.project import FILE_NAME, Origin, Project, load_project, restored
from smalti.sources.files import find_files
from smalti.store import RunFolder, current_run, list_runs


@dataclass(frozen=True)
class Earlier:
    """Definitions to compare with.

    Attributes:
        project: The definitions.
        home: The folder that file names of their sources start from.
        told: What they are, in words.
        origin: Where they are written, for messages.
        at: The as-of instant of the run they are from, if they are from one.
    """

    project: Project
    home: Path
    told: str
    origin: Origin
    at: Instant | None = None


def earlier(against: Project | Path | str, runs: Path, home: Path) -> Earlier:
    """Find what is named: a run by its id or folder, a project by its folder or file, or a project as it is.

    Args:
        against: What is named.
        runs: The folder of runs.
        home: The folder that file names of sources start from, where the definitions have no folder of their own.

    Raises:
        SmaltiError: There is nothing of that name, or it cannot be read.
    """
    if isinstance(against, Project):
        return Earlier(against, home, f"the definitions of {against.name}", Origin())
    known = {run.id: run for run in list_runs(runs)}
    if str(against) in known:
        return _of_run(known[str(against)], home)
    path = Path(against)
    if (path / "run.json").is_file():
        return _of_run(RunFolder(path), home)
    if not str(against).strip() or not path.exists():
        near = nearest(str(against), known)
        hint = f"; did you mean '{near}'?" if near else ""
        raise SmaltiError(
            f"nothing to compare with: found '{against}', wanted the id of a run in {runs}, or a folder with {FILE_NAME}{hint}"
        )
    project, origin = load_project(path)
    return Earlier(project, path if path.is_dir() else path.parent, f"the project in {path}", origin)


def newest(project: str, runs: Path) -> tuple[RunFolder, str] | None:
    """Give the newest run of a project, or, if it has none, whatever was run last, with a note on that.

    Returns:
        The run and the note, which may be empty; None where there is no run. Damaged runs are in nobody's way.
    """
    found = [run for run in _newest_first(runs) if _project_of(run) is not None]
    mine = [run for run in found if _project_of(run) == project]
    if mine:
        return mine[0], ""
    if not found:
        return None
    return found[0], f"There is no run of {project}; the newest run, compared with, is of {_project_of(found[0])}."


def _newest_first(runs: Path) -> list[RunFolder]:
    listed = list_runs(runs)[::-1]
    return [current_run(runs), *listed] if listed else []


def _project_of(run: RunFolder) -> str | None:
    with suppress(RunError):
        return str(run.info.get("project"))
    return None


def of_newest(found: RunFolder, home: Path) -> Earlier:
    """Take the definitions of the newest run.

    Raises:
        RunError: It does not hold definitions that can be read.
    """
    return _of_run(found, home)


def _of_run(run: RunFolder, home: Path) -> Earlier:
    told = f"run {run.id}"
    at = run.info.get("as_of_microseconds")
    if not isinstance(at, int):
        raise RunError(f"{told} does not say as of when it was made")
    return Earlier(restored(run.info.get("definitions"), told), home, told, Origin(), at)


def home_of(old: Earlier, instead: Path) -> Path:
    """Give the folder from which the old definitions' sources can be found: their own, or another where theirs has no data."""
    try:
        for _, source in old.project.sources:
            find_files(source.files, old.home)
    except SourceError:
        return instead
    return old.home


def same_reading(one: tuple[Project, Path], other: tuple[Project, Path]) -> bool:
    """Whether two projects read the same facts: the same sources, as written or as files, in one currency and time zone."""
    mine, theirs = one[0], other[0]
    if (mine.currency, mine.time_zone) != (theirs.currency, theirs.time_zone):
        return False
    return dict(mine.sources) == dict(theirs.sources) or _files(*one) == _files(*other)


def _files(project: Project, home: Path) -> dict[str, object]:
    return {
        name: source.changed(files=tuple(str((home / file).resolve()) for file in source.files))
        for name, source in project.sources
    }
