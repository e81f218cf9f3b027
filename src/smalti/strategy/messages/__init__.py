"""What a customer reads: templates filled in for her, within a sandbox."""

__all__: list[str] = []
