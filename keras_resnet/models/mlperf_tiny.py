"""The image classifier of MLPerf Tiny, as a row of a table."""

from keras_resnet.models.specification import Specification

SPECIFICATIONS = (
    Specification(
        name="resnet8",
        function="ResNet8",
        checked_against="the benchmark's definition, layer by layer",
        title="ResNet-8, the MLPerf Tiny image classifier",
        source="MLPerf Tiny benchmark, image classification (Banbury et al. 2021)",
        block="basic",
        depths=(1, 1, 1),
        widths=(16, 32, 64),
        strides=(1, 2, 2),
        stem="cifar",
        stem_width=16,
        projection_batch_norm=False,
        use_bias=True,
        epsilon=1e-3,
        momentum=0.99,
        padding="same",
        input_size=32,
        minimum_size=8,
        classes=10,
        # The network takes raw pixels: nothing to normalize.
    ),
)
