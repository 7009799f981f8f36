"""Room for Keras's walk through very deep graphs."""

import contextlib
import sys
from collections.abc import Iterator

# Layers that a block draws, and frames that Keras takes for each; generous.
FRAMES_PER_BLOCK = 40
FRAMES_BESIDE = 1000


@contextlib.contextmanager
def room_for_blocks(count: int) -> Iterator[None]:
    """Raise Python's recursion limit while a network is put together.

    Keras maps the graph of a functional model by a recursion as deep as the
    network, which a flat ResNet-1202 does not fit in. The constructors see to
    it themselves. Whatever else puts such a network together anew needs it
    around it, as these do; a nested network does not:

    ```python
    with room_for_blocks(600):
        model = keras.saving.load_model("resnet1202.keras")
        features = keras.Model(model.input, model.get_layer("avg_pool").output)
    ```

    Args:
        count: Number of blocks.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES_BESIDE + FRAMES_PER_BLOCK * count))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
