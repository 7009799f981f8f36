"""Small forms of all networks, filled by name, computed on any backend.

Run as a program, `small_networks.py RESULTS.npz`, under `KERAS_BACKEND`.
"""

import dataclasses
import sys
import zlib

import keras
import numpy as np
from keras import ops

import keras_resnet

CLASSES, BATCH = 5, 8
# What a network is called and how large it is; not what it computes.
SAYS_NOTHING = ("name", "function", "title", "source", "checked_against", "classes")


def small_residual(specification):
    """Say two blocks for its first stage and one for the others."""
    stages = len(specification.depths)
    # Groups of the width 4 need bottlenecks whose width is a multiple of 16.
    width = 16 if specification.block == "bottleneck" else 4
    return {
        "stem_width": 4,
        "depths": (2,) + (1,) * (stages - 1),
        "widths": tuple(width * 2**stage for stage in range(stages)),
        "residual_functions": min(2, specification.residual_functions),
    }


def small_vgg(specification):
    stages = len(specification.depths)
    return {
        "depths": (2,) + (1,) * (stages - 1),
        "widths": tuple(4 + 2 * stage for stage in range(stages)),
        "dense_widths": (8, 8),
    }


def small_densenet(specification):
    stages = len(specification.depths)
    return {"depths": (2,) + (1,) * (stages - 1), "growth_rate": 4, "stem_width": 8}


def small_inception_resnet(specification):
    return {"depths": (1, 1, 1), "width_multiplier": 1 / 16}


def small_fractalnet(specification):
    del specification
    return {"widths": (4, 6), "columns": 3, "minimum_size": 8}


def small_polynet(specification):
    del specification
    return {
        "units": (("2-way",), ("poly-3",), ("mpoly-2",)),
        "width_multiplier": 1 / 16,
    }


def small_fractal_of_fractalnet(specification):
    # Fractals in the units of one kind are enough.
    units = 2 if specification.join == "mean" and not specification.taylor else 1
    return {"widths": (4, 6), "columns": units, "minimum_size": 8}


# What to change of a network of each kind to make it small.
CHANGES = {
    "Specification": small_residual,
    "VGGSpecification": small_vgg,
    "DenseNetSpecification": small_densenet,
    "InceptionResNetSpecification": small_inception_resnet,
    "PolyNetSpecification": small_polynet,
    "FractalNetSpecification": small_fractalnet,
    "FractalOfFractalNetSpecification": small_fractal_of_fractalnet,
}


def changes(name):
    """Say which fields of a network make a small one of its kind."""
    specification = keras_resnet.models.specification(name)
    return CHANGES[type(specification).__name__](specification)


def small(name):
    """Specify a small network of the kind."""
    return dataclasses.replace(
        keras_resnet.models.specification(name),
        **changes(name),
        # Compiling the random draws would take a while, and all are replaced.
        kernel_initializer="zeros",
        known_sides=False,
    )


def distinct_networks():
    """List small specifications, each with all the names that it stands for."""
    networks = {}
    for name in keras_resnet.list_models():
        specification = small(name)
        same = dataclasses.replace(
            specification, **dict.fromkeys(SAYS_NOTHING, 1), input_size=1
        )
        networks.setdefault(same, (specification, []))[1].append(name)
    return list(networks.values())


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def fill(model):
    for name, variable in keras_resnet.weights.named_variables(model).items():
        draw, shape = generator(name), tuple(variable.shape)
        if variable.name in ("gamma", "moving_variance"):
            value = draw.uniform(0.5, 1.5, shape)
        elif variable.name == "kernel":
            value = draw.normal(0.0, np.prod(shape[:-1]) ** -0.5, shape)
        else:
            value = draw.normal(0.0, 0.1, shape)
        variable.assign(value.astype("float32"))


def computed(model, pixels, slopes):
    """Compute logits, the gradients of a training step and the state after it.

    The loss is the sum of the logits times `slopes`.

    Returns:
        Three of (logits, list of gradients, list of values).
    """
    trained, others = model.trainable_variables, model.non_trainable_variables
    if keras.backend.backend() == "jax":
        import jax

        def loss(trained, others):
            logits, _ = model.stateless_call(trained, others, pixels)
            outputs, others = model.stateless_call(
                trained, others, pixels, training=True
            )
            return ops.sum(outputs * slopes), (logits, others)

        gradients, (logits, state) = jax.jit(jax.grad(loss, has_aux=True))(
            [v.value for v in trained], [v.value for v in others]
        )
        return logits, gradients, state
    logits = model(pixels)
    if keras.backend.backend() == "torch":
        ops.sum(model(pixels, training=True) * ops.convert_to_tensor(slopes)).backward()
        gradients = [variable.value.grad for variable in trained]
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = ops.sum(model(pixels, training=True) * slopes)
        gradients = tape.gradient(loss, [v.value for v in trained])
    return logits, gradients, [v.value for v in others]


def results():
    """Compute all networks.

    Returns:
        Arrays under `"network|logits"`, `"network|gradient|variable"` and
        `"network|state|variable"`. A gradient that is missing is left out.
    """
    arrays = {}
    for specification, _ in distinct_networks():
        side = specification.minimum_size
        model = keras_resnet.models.build_model(
            specification,
            input_shape=(side, side + 3, 3),
            classes=CLASSES,
            classifier_activation=None,
            include_preprocessing=True,
        )
        fill(model)
        draw = generator("images")
        pixels = draw.uniform(0, 255, (BATCH, side, side + 3, 3)).astype("float32")
        slopes = draw.normal(size=(BATCH, CLASSES)).astype("float32")
        logits, gradients, state = computed(model, pixels, slopes)
        arrays[f"{specification.name}|logits"] = logits
        for kind, variables, values in (
            ("gradient", model.trainable_variables, gradients),
            ("state", model.non_trainable_variables, state),
        ):
            for variable, value in zip(variables, values, strict=True):
                # What random layers draw from is another in every process.
                if value is not None and "seed_generator" not in variable.path:
                    arrays[f"{specification.name}|{kind}|{variable.path}"] = value
    return {key: ops.convert_to_numpy(value) for key, value in arrays.items()}


def logits_of(names):
    """Compute small nested networks on a few images, without compiling them."""
    arrays = {}
    for name in names:
        specification = small(name)
        side = specification.minimum_size
        model = keras_resnet.models.build_model(
            specification,
            input_shape=(side, side, 3),
            classes=CLASSES,
            classifier_activation=None,
            nested=True,
        )
        fill(model)
        x = generator("images").normal(0, 8, (2, side, side, 3)).astype("float32")
        arrays[name] = ops.convert_to_numpy(model(x))
    return arrays


if __name__ == "__main__":
    np.savez(sys.argv[-1], **results())
