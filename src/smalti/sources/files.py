"""From what the user wrote to files that are there: globs, fingerprints, and what cannot be a source at all."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smalti.errors import SourceError, nearest

_MAGIC = "*?["


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        name: What it is called in reports: as the user wrote it, without the way to an absolute path.
        path: Where it is.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class Fingerprint:
    """A file as it was when it was read."""

    name: str
    bytes: int
    sha256: str


def find_files(patterns: Iterable[str], home: Path | None = None) -> tuple[SourceFile, ...]:
    """Give the files that names and globs stand for, each once, globs in alphabetical order.

    Args:
        patterns: File names or globs, relative to `home`.
        home: The folder that relative names start from; None takes the working folder.

    Raises:
        SourceError: A file is missing, empty, unreadable or a folder, or a glob matches nothing.

    >>> find_files(["no-such-file.csv"])
    Traceback (most recent call last):
    smalti.errors.SourceError: there is no file 'no-such-file.csv'
    """
    start = home or Path()
    found: dict[Path, SourceFile] = {}
    for pattern in patterns:
        for path in _matches(pattern, start):
            _check(path, pattern)
            found.setdefault(path.resolve(), SourceFile(_name(path, start, pattern), path))
    return tuple(found.values())


@dataclass(frozen=True)
class Watch:
    """Files as they stood before they were read.

    Attributes:
        files: The files.
        stood: Of each its length in bytes and the instant it was last written, in nanoseconds.
    """

    files: tuple[SourceFile, ...]
    stood: tuple[tuple[int, int] | None, ...]

    def check(self) -> None:
        """Hold the files against what they were.

        Raises:
            SourceError: One of them is another now, so that no fingerprint says what was read.
        """
        for file, stood in zip(self.files, self.stood, strict=True):
            if _standing(file) != stood:
                raise SourceError(f"'{file.name}' changed while it was read; load it again once nobody writes to it")


def watch(files: tuple[SourceFile, ...]) -> Watch:
    """Note how files stand, to see later whether they changed."""
    return Watch(files, tuple(_standing(file) for file in files))


def _standing(file: SourceFile) -> tuple[int, int] | None:
    try:
        found = file.path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def fingerprint(file: SourceFile) -> Fingerprint:
    """Read the whole file once for its length and SHA-256."""
    with file.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Fingerprint(file.name, stream.tell(), digest)


def _matches(pattern: str, start: Path) -> list[Path]:
    path = start / pattern
    if path.exists() or not any(sign in pattern for sign in _MAGIC):
        return [path]
    names = glob.glob(str(path), recursive=True)  # noqa: PTH207 - takes patterns that start from a root
    matches = [Path(name) for name in sorted(names)]
    files = [match for match in matches if match.is_file()]
    if not files:
        raise SourceError(f"no file matches '{pattern}'")
    return files


def _check(path: Path, pattern: str) -> None:
    if path.is_dir():
        raise SourceError(f"'{pattern}' is a folder; wanted files, such as {pattern.rstrip('/')}/*.csv")
    if not path.exists():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, siblings)
        raise SourceError(f"there is no file '{pattern}'" + (f"; did you mean '{near}'?" if near else ""))
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise SourceError(f"'{pattern}' is empty: 0 bytes")
    except OSError as error:
        raise SourceError(f"'{pattern}' cannot be read: {error.strerror}") from error


def _name(path: Path, start: Path, pattern: str) -> str:
    if Path(pattern).is_absolute():
        return path.name
    return path.relative_to(start).as_posix()
