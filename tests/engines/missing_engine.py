"""What is raised where an engine cannot be had."""


class MissingEngineError(Exception):
    """An engine cannot be had here; the message says why, in one line."""
