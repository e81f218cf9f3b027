"""The version that a run is stamped with."""

from importlib.metadata import version

VERSION = version("smalti")
"""The installed version of smalti."""
