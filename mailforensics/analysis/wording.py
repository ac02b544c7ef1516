"""Numbers in sentences."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 network`, `1,204 networks`, `3 addresses`."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"
