"""Who may be treated how, and from when: consent, suppression, frequency, hold-outs, exclusions."""

__all__: list[str] = []
