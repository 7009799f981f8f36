"""The `.weights.h5` files of Keras 3."""

from keras_resnet.weights.files.h5_file import H5File

# Below these a file holds what is no weight of the network.
OPTIMIZER = "optimizer"
SEEDS = "seed"


class KerasWeightsFile(H5File):
    """A file of `Model.save_weights`; its arrays are named by their places.

    The names say of which kind a layer is and how many of that kind came
    before it, not what it is called. Optimizers and the state of random
    generators are passed over.
    """

    def _declare_all(self, file) -> None:
        for place, dataset in self._walk(file):
            parts = place.split("/")
            state = parts[0] == OPTIMIZER or any(SEEDS in part for part in parts)
            if "vars" in parts and not state:
                self._declare_dataset(place, dataset)
