"""Bytes of a text file as UTF-8, whatever they were: gzip, byte order marks, old encodings.

What cannot be decoded is passed on as a byte that is not UTF-8, so that the row it stands in is set aside and no other.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from smalti.errors import SourceError

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr", "euc_jp"]
UTF8 = ("utf-8", "utf_8", "utf8", "utf-8-sig", "utf_8_sig", "ascii", "us-ascii")


def _undecodable(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


codecs.register_error("smalti-undecodable", _undecodable)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacking it if it is gzipped, whatever its name says."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def read_head(path: Path, name: str, size: int) -> bytes:
    """Read the first bytes of a file, unpacked.

    Raises:
        SourceError: The gzip file is damaged, or it holds nothing.
    """
    try:
        with open_bytes(path) as stream:
            head = stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"'{name}' is damaged: {error}") from error
    if not head.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        raise SourceError(f"'{name}' is empty: it holds no text")
    return head


def detect_encoding(path: Path, name: str, limit: int | None = None) -> str:
    """Find the encoding of a text file from its byte order mark or its bytes that are not ASCII.

    Args:
        path: The file, gzipped or not.
        name: What to call it in an error.
        limit: How many bytes to look at; None looks at all.

    Returns:
        A name of an encoding; ``ascii`` where nothing seen decides.

    Raises:
        SourceError: The file is no text, or damaged.
    """
    head = read_head(path, name, _SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _without_mark(head, name)
    odd = _odd_bytes(path, name, limit)
    if not odd:
        return "ascii"
    return _of_odd_bytes(odd, name)


def _without_mark(head: bytes, name: str) -> str:
    even, uneven = head[0::2].count(0), head[1::2].count(0)
    if uneven > 0.3 * len(head) / 2 and even < 0.1 * uneven:
        return "utf-16-le"
    if even > 0.3 * len(head) / 2 and uneven < 0.1 * even:
        return "utf-16-be"
    raise SourceError(
        f"'{name}' is not a text file we know: it holds binary data; wanted CSV, TSV, Parquet, JSON Lines or Excel"
    )


def _odd_bytes(path: Path, name: str, limit: int | None) -> bytes:
    """Give lines that are not ASCII, at most a sample of them."""
    odd = bytearray()
    seen = 0
    try:
        with open_bytes(path) as stream:
            while len(odd) < _SAMPLE and (limit is None or seen < limit) and (chunk := stream.read(_CHUNK)):
                seen += len(chunk)
                if not chunk.isascii():
                    chunk += stream.readline()
                    lines = (line for line in chunk.splitlines(keepends=True) if not line.isascii())
                    odd += b"".join(lines)[:_SAMPLE]
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"'{name}' is damaged: {error}") from error
    return bytes(odd)


def _of_odd_bytes(odd: bytes, name: str) -> str:
    text = odd.decode("utf-8", "surrogateescape")
    wrong = sum("\udc80" <= sign <= "\udcff" for sign in text)
    right = sum(sign > "\x7f" for sign in text) - wrong
    if right >= wrong:
        return "utf-8"
    control = sum(byte < 32 and byte not in b"\t\r\n" for byte in odd)
    if control > 0.02 * len(odd):
        raise SourceError(
            f"'{name}' is not a text file we know: it holds binary data; wanted CSV, TSV, Parquet, JSON Lines or Excel"
        )
    matches = from_bytes(odd, cp_isolation=_LIKELY)
    best = matches.best()
    if best is None:
        return "cp1252"
    western = (match for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset))
    likely = any(match.chaos <= best.chaos and match.coherence >= best.coherence - 0.1 for match in western)
    return "cp1252" if likely else best.encoding


class Utf8Stream(io.RawIOBase):
    """A file's text as UTF-8 bytes, each chunk passed through `rewrite` at the ends of lines.

    Args:
        path: The file, gzipped or not.
        encoding: How its bytes are to be read.
        rewrite: What to do with a chunk of whole lines, such as making runs of spaces one tab.
    """

    def __init__(self, path: Path, encoding: str, rewrite: Callable[[bytes], bytes] | None = None) -> None:
        self._stream = open_bytes(path)
        plain = encoding.lower() in UTF8
        self._decode = None if plain else codecs.getincrementaldecoder(encoding)("smalti-undecodable")
        self._rewrite = rewrite
        self._pending = b""
        self._rest = b""
        self._first = True

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._pending:
            chunk = self._next()
            if chunk is None:
                return 0
            self._pending = chunk
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()

    def _next(self) -> bytes | None:
        chunk = self._stream.read(_CHUNK)
        ended = not chunk
        if self._decode is not None:
            chunk = self._decode.decode(chunk, final=ended).encode("utf-8", "surrogateescape")
        if self._first and chunk:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
            self._first = False
        if self._rewrite is not None:
            chunk = self._whole_lines(chunk, ended)
        return None if ended and not chunk else chunk

    def _whole_lines(self, chunk: bytes, ended: bool) -> bytes:
        """Rewrite what is whole lines, and keep the rest until the next chunk."""
        text = self._rest + chunk
        cut = len(text) if ended else text.rfind(b"\n") + 1
        self._rest = text[cut:]
        return self._rewrite(text[:cut]) if self._rewrite else text[:cut]
