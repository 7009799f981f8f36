"""`ScoredWeights`: scores a network, and knows whether it changed since."""

import hashlib
from collections.abc import Callable

import keras

from keras_resnet.training.evaluation import Evaluator, Score


class ScoredWeights:
    """Scores a network in training, and knows whether it changed since.

    Training apart, only callbacks change weights: after an epoch was scored, or
    when the training ends. Where there are any, the weights are compared.

    Args:
        evaluator: Scores the network.
        network: The network, which has the weights to score when this is
            called.
        compared: Whether to compare the weights.
    """

    def __init__(self, evaluator: Evaluator, network: keras.Model, compared: bool):
        self._evaluator = evaluator
        self._network = network
        self._compared = compared
        self._scored = None

    def __call__(self, on_batch: Callable[[int], None] | None = None) -> Score:
        """Score the network as it is now; takes what an `Evaluator` does."""
        score = self._evaluator(on_batch)
        self.note()
        return score

    def note(self) -> None:
        """Take note that the newest score is that of the network as it is now."""
        self._scored = self._weights()

    def is_current(self) -> bool:
        """Return whether that is still so."""
        return self._scored == self._weights()

    def _weights(self) -> bytes:
        if not self._compared:
            return b""
        digest = hashlib.sha256()
        for weight in self._network.get_weights():
            digest.update(weight.tobytes())
        return digest.digest()
