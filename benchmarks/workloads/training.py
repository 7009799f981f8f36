"""Training steps: of this package, and of what else there is."""

from collections.abc import Callable

from keras_resnet.benchmarks.accelerator_worker import hide_broken_torchvision
from keras_resnet.benchmarks.machine import available_cores
from keras_resnet.benchmarks.workloads.sizes import Sizes
from keras_resnet.benchmarks.workloads.timing import (
    CIFAR_CLASSES,
    IMAGENET_CLASSES,
    SEED,
    Progress,
    Series,
    random_batch,
    time_pair,
)
from keras_resnet.extras import import_extra

LEARNING_RATE = 1e-3
MOMENTUM = 0.9
LAST_SURVIVAL_PROBABILITY = 0.5
# The paper's wide network is as accurate as the deep one, and faster.
WIDE_NETWORK, DEEP_NETWORK = "wide_resnet50_2", "resnet152"


def against_keras_applications(
    policy: str, sizes: Sizes, rounds: int, progress: Progress, *, large: bool = False
) -> Series:
    """Time a ResNet-50 training step of `keras.applications` and of this package.

    Both see the same batch, optimizer, loss and dtype policy, and both take
    pixels that are normalised already.

    Args:
        policy: Keras dtype policy, such as `"mixed_bfloat16"`.
        sizes: How large the images and the batch are.
        rounds: Timed steps of each.
        progress: Receives a line of text before every step.
        large: Whether to take the larger batch. Defaults to no.

    Returns:
        Seconds of `keras.applications` and of this package, by round.
    """
    import keras

    def peer(images, labels):
        model = keras.applications.ResNet50(weights=None, input_shape=sizes.image)
        return keras_step(model, images, labels)

    return _against(peer, policy, sizes, rounds, progress, large=large)


def against_tf_keras(
    policy: str, sizes: Sizes, rounds: int, progress: Progress, *, large: bool = False
) -> Series:
    """Time the same of `tf_keras`, which is Keras 2, and of this package."""
    tf_keras = import_extra("tf_keras", "pruning")

    def peer(images, labels):
        before = tf_keras.mixed_precision.global_policy()
        tf_keras.mixed_precision.set_global_policy(policy)
        try:
            model = tf_keras.applications.ResNet50(
                weights=None, input_shape=sizes.image
            )
        finally:
            tf_keras.mixed_precision.set_global_policy(before)
        return keras_step(model, images, labels, tf_keras)

    return _against(peer, policy, sizes, rounds, progress, large=large)


def against_pytorch(
    policy: str, sizes: Sizes, rounds: int, progress: Progress, *, large: bool = False
) -> Series:
    """Time the same of transformers' ResNet-50 in eager PyTorch.

    PyTorch has its images and weights with the channels last, and all cores.
    `"mixed_bfloat16"` is its `autocast`.
    """
    torch = import_extra("torch", "peers")
    hide_broken_torchvision()
    transformers = import_extra("transformers", "peers")

    def peer(images, labels):
        torch.set_num_threads(available_cores())
        network = transformers.ResNetForImageClassification(
            transformers.ResNetConfig(num_labels=IMAGENET_CLASSES)
        )
        network = network.to(memory_format=torch.channels_last).train()
        optimizer = torch.optim.SGD(
            network.parameters(), LEARNING_RATE, momentum=MOMENTUM
        )
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        targets = torch.from_numpy(labels)
        loss = torch.nn.CrossEntropyLoss()
        mixed = policy == "mixed_bfloat16"

        def step():
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                value = loss(network(pixels).logits, targets)
            value.backward()
            optimizer.step()
            return float(value.detach())

        return step

    return _against(peer, policy, sizes, rounds, progress, large=large)


def wide_and_deep_steps(sizes: Sizes, rounds: int, progress: Progress) -> Series:
    """Time a training step of ResNet-152 and of WRN-50-2.

    Zagoruyko & Komodakis 2016, section 3: the wide one has the lower error
    and is faster.
    """
    import keras_resnet

    progress("building")
    batch = random_batch(sizes.batch, sizes.image, IMAGENET_CLASSES)
    deep, wide = (
        keras_resnet.create_model(
            name, weights=None, input_shape=sizes.image, classes=IMAGENET_CLASSES
        )
        for name in (DEEP_NETWORK, WIDE_NETWORK)
    )
    steps = (keras_step(model, *batch) for model in (deep, wide))
    return time_pair(*steps, rounds, progress, sizes.warmup)


def stochastic_depth_steps(sizes: Sizes, rounds: int, progress: Progress) -> Series:
    """Time a ResNet-110 training step with stochastic depth and without.

    Which blocks a step drops is drawn anew, so its time varies and the mean
    over the rounds is what counts.

    Args:
        sizes: How large the images and the batch are.
        rounds: Timed steps of each.
        progress: Receives a line of text before every step.

    Returns:
        Seconds with stochastic depth and at constant depth, by round.
    """
    import keras

    import keras_resnet

    # The draws are seeded, so that a repetition drops the same blocks.
    keras.utils.set_random_seed(SEED)
    options = {
        "input_shape": sizes.cifar_image,
        "classes": CIFAR_CLASSES,
        "weights": None,
        "nested": True,
    }
    progress("building")
    dropping = keras_resnet.create_model(
        sizes.deep_network, survival_probability=LAST_SURVIVAL_PROBABILITY, **options
    )
    constant = keras_resnet.create_model(sizes.deep_network, **options)
    batch = random_batch(sizes.cifar_batch, sizes.cifar_image, CIFAR_CLASSES)
    steps = (keras_step(model, *batch) for model in (dropping, constant))
    return time_pair(*steps, rounds, progress, sizes.warmup)


def keras_step(model, images, labels, library=None) -> Callable[[], object]:
    """Return a training step of a Keras model.

    Args:
        model: The model, which is compiled.
        images: Its images.
        labels: Their classes.
        library: Keras as a module, or `tf_keras`. Defaults to Keras.
    """
    if library is None:
        import keras as library
    model.compile(
        optimizer=library.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM),
        loss=library.losses.SparseCategoricalCrossentropy(),
    )
    return lambda: model.train_on_batch(images, labels)


def _against(
    peer: Callable, policy: str, sizes: Sizes, rounds, progress, *, large: bool = False
) -> Series:
    import keras_resnet
    from keras_resnet.training.networks import dtype_policy_of

    batch = random_batch(
        sizes.large_batch if large else sizes.batch, sizes.image, IMAGENET_CLASSES
    )
    with dtype_policy_of(policy):
        progress("building")
        theirs = peer(*batch)
        own = keras_resnet.create_model(
            "resnet50",
            weights=None,
            input_shape=sizes.image,
            classes=IMAGENET_CLASSES,
        )
        step = keras_step(own, *batch)
        return time_pair(theirs, step, rounds, progress, sizes.warmup)
