"""The way back of a gradient through a network, one way of a module at a time."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from keras_resnet.studies.compiled import compiled, input_gradient, pulled_back
from keras_resnet.studies.cross_entropy import cross_entropy
from keras_resnet.studies.module import RESIDUAL
from keras_resnet.studies.module_parts import SHORTCUT
from keras_resnet.studies.modules import ModuleGraph
from keras_resnet.studies.paths import Ways


class ModuleGradients:
    """The gradients of a batch at the first module's input.

    The forward pass is that of the whole network. The gradient of the summed
    cross entropy is brought back from module to module, through the residual
    branch or through the shortcut, each of which is linear in it. All the
    paths' gradients add up to the whole one.

    Args:
        graph: A network of residual modules.

    Raises:
        ValueError: If columns or other shortcuts go around its modules.
    """

    def __init__(self, graph: ModuleGraph):
        if not graph.is_chain:
            raise ValueError(
                "The gradients of single paths are those of modules in a row, and "
                "columns or further shortcuts go around those of this network. "
                f"Received: model={graph.model.name!r}"
            )
        self.graph = graph
        loss = cross_entropy(graph)
        first, last = graph.parts[0].start, graph.parts[-1].end
        right = keras.KerasTensor((None, graph.model.output_shape[-1]))
        self._stem = compiled(graph.stem, graph.stem.variables, graph.stem.start)
        self._loss_gradient = input_gradient(loss, graph.head.variables, last, right)
        self._whole = input_gradient(
            lambda x, right: loss(self._chain(x), right),
            graph.model.variables,
            first,
            right,
        )
        self._steps, self._back = [], []
        for between, parts in zip(graph.between, graph.parts, strict=True):
            variables = [*between.variables, *parts.variables]
            ends = between.start, parts.end
            self._steps.append(
                compiled(_after(between, parts.whole), variables, ends[0])
            )
            self._back.append(
                {
                    way: pulled_back(
                        _after(between, _through(parts, way)), variables, *ends
                    )
                    for way in (SHORTCUT, RESIDUAL)
                }
            )
        self._inputs, self._upstream = [], None

    def _chain(self, x):
        for between, parts in zip(self.graph.between, self.graph.parts, strict=True):
            x = parts.whole(between(x))
        return x

    def forward(self, images: np.ndarray, labels: np.ndarray):
        """Compute the network on a batch, whose gradients are asked for next.

        Returns:
            The whole gradient, by one backward pass through the network.
        """
        x = self._stem(ops.convert_to_tensor(images))
        self._inputs = []
        for step in self._steps:
            self._inputs.append(x)
            x = step(x)
        classes = self.graph.model.output_shape[-1]
        right = ops.convert_to_tensor(np.eye(classes, dtype="float32")[labels])
        self._upstream = self._loss_gradient(x, right)
        return self._whole(self._inputs[0], right)

    def _brought_back(self, index: int, way: str, upstream):
        return self._back[index][way](self._inputs[index], upstream)

    def of_paths(self, paths: list[Ways]):
        """Compute the gradients of single paths.

        Args:
            paths: The paths; those that end alike are computed in a row.

        Yields:
            A path and its gradient, for each of them, in another order.
        """
        gradients, last = [self._upstream], ()
        for path in sorted({*paths}):
            alike = 0
            while alike < len(last) and path[alike] == last[alike]:
                alike += 1
            del gradients[alike + 1 :]
            for place in range(alike, len(path)):
                index = len(path) - 1 - place
                way = RESIDUAL if path[place] else SHORTCUT
                gradients.append(self._brought_back(index, way, gradients[-1]))
            last = path
            yield path, gradients[-1]

    def by_length(self, progress: Callable[[str], None] | None = None) -> list:
        """Compute the sum of the gradients of all paths of each length.

        A path of l modules goes through the residual branch of the next one
        and is longer by one, or through its shortcut; so the sums over paths
        are brought back without listing the paths.

        Args:
            progress: Called with a line that says how far it is. Defaults to
                nothing.

        Returns:
            A gradient for each length from 0 to the number of modules.
        """
        sums = [self._upstream]
        count = len(self.graph.parts)
        for done, index in enumerate(reversed(range(count)), start=1):
            short = [self._brought_back(index, SHORTCUT, g) for g in sums]
            long = [self._brought_back(index, RESIDUAL, g) for g in sums]
            sums = [
                short[0],
                *(a + b for a, b in zip(short[1:], long[:-1], strict=True)),
                long[-1],
            ]
            if progress is not None:
                progress(f"the whole gradient by length: {done} of {count} modules")
        return sums


def _after(between, compute):
    return lambda x: compute(between(x))


def _through(parts, way: str):
    return lambda x: parts.through(way, x)
