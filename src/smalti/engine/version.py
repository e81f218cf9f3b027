"""The versions that a run is stamped with."""

import platform
from importlib.metadata import version

VERSION = version("smalti")
"""The installed version of smalti."""


def versions(engine: str) -> dict[str, str]:
    """Give the versions that the numbers of a run depend on.

    Args:
        engine: The store's engine with its version.

    >>> sorted(versions("engine 1.0"))
    ['engine', 'numpy', 'pyarrow', 'python', 'scipy', 'smalti']
    """
    parts = {name: version(name) for name in ("numpy", "pyarrow", "scipy")}
    return {"smalti": VERSION, "python": platform.python_version(), "engine": engine} | parts
