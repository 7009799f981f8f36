"""Words that messages of the package have in common."""


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Say how many there are of something, as `"1 epoch"` or `"1,437 images"`.

    Args:
        count: How many.
        singular: What one of them is called.
        plural: What several are called. Defaults to `singular` with an "s".
    """
    noun = singular if count == 1 else plural or f"{singular}s"
    return f"{count:,} {noun}"
