"""What a network in training offers beside its step, on every backend."""

import contextlib
import dataclasses
from collections.abc import Iterator

import keras
from keras import ops


@dataclasses.dataclass(frozen=True)
class GradientsSoFar:
    """What the gradients of the newest steps were like.

    Attributes:
        norms: Their norms, the newest last; none after one was not finite.
        first_bad: Which step that was, counted from 1 since the training began
            in this process; None for none.
        hopeless: Steps in a row that overflowed without any loss scaling.
    """

    norms: list[float]
    first_bad: int | None
    hopeless: int


class TrainedNetwork:
    """A part of the models that train a network.

    Attributes:
        network: The network that is trained; it returns logits.
        average: Its moving average, or None.
        loss_scale: Its loss scaling, or None.
        recent: The norms of its newest gradients.
        input_wait: What its steps wait for their batches.
    """

    def call(self, inputs, training=None):
        """Return the network's logits, `(batch, classes)`."""
        return self.network(inputs, training=training)

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[keras.Model]:
        """Within this context the network has its averaged weights.

        Without a moving average it has its own. Do not train or take a
        checkpoint within it.
        """
        if self.average is None:
            yield self.network
            return
        self.average.swap()
        try:
            yield self.network
        finally:
            self.average.swap()

    def gradients_so_far(self) -> GradientsSoFar:
        """Return what the newest steps' gradients were like; waits for them."""
        hopeless = 0
        if self.loss_scale is not None:
            hopeless = int(ops.convert_to_numpy(self.loss_scale.hopeless_steps))
        return GradientsSoFar(*self.recent.read(), hopeless)

    def steps_taken(self) -> int:
        """Return how many steps the optimizer has taken; waits for the newest."""
        return int(ops.convert_to_numpy(self.optimizer.iterations))

    def state(self) -> dict[str, keras.Variable]:
        """Return all variables that decide how the training goes on.

        Returns:
            Variables by name: a role (`"model"`, `"optimizer"`, `"average"`,
            `"loss_scale"`, `"metrics"`) and a place in it, as
            `"optimizer/3"`. The states of random layers are among those of
            the model.

        Raises:
            ValueError: If the model was not compiled.
        """
        self._assert_compile_called("state")
        roles = {
            "model": self.network.variables,
            "optimizer": self.optimizer.variables,
            "average": self.average.variables if self.average else [],
            "loss_scale": self.loss_scale.variables if self.loss_scale else [],
            "metrics": [
                variable for metric in self.metrics for variable in metric.variables
            ],
        }
        return {
            f"{role}/{place}": variable
            for role, variables in roles.items()
            for place, variable in enumerate(variables)
        }
