"""When to reach a customer: her best channel and hour, quiet hours by her own clock, days that can carry it."""

__all__: list[str] = []
