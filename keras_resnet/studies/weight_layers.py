"""The convolutions that a network's depth is counted by, in order."""

import keras

from keras_resnet.models.nodes import nodes_in_order
from keras_resnet.studies.shortcut_calls import shortcut_operations

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


class WeightLayers:
    """The convolutions of a flat network, without those on shortcuts.

    Args:
        model: A functional model without models inside.

    Attributes:
        nodes: The nodes of these convolutions, each after those it needs.
    """

    def __init__(self, model: keras.Model):
        every = nodes_in_order(model)
        self._users = {}
        for node in every:
            for tensor in node.input_tensors:
                self._users.setdefault(id(tensor), []).append(node)
        on_shortcuts = shortcut_operations(model)
        self.nodes = [
            node
            for node in every
            if isinstance(node.operation, CONVOLUTIONS)
            and id(node.operation) not in on_shortcuts
        ]

    def response(self, node) -> keras.KerasTensor:
        """Return what a convolution's batch normalization gives, or itself.

        Args:
            node: One of `nodes`.
        """
        tensor = node.outputs[0]
        users = self._users.get(id(tensor), [])
        if len(users) == 1 and isinstance(
            users[0].operation, keras.layers.BatchNormalization
        ):
            return users[0].outputs[0]
        return tensor
