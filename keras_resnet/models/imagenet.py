"""The ImageNet networks, as rows of a table."""

from keras_resnet.models.specification import Normalization, Specification

# Pixels as keras.applications' first ResNets take them: blue, green, red,
# each less its mean over ImageNet, not scaled.
CAFFE = Normalization(mean=(103.939, 116.779, 123.68), reverse_channels=True)
# Pixels as PyTorch's networks take them.
TORCH = Normalization(
    mean=(123.675, 116.28, 103.53), standard_deviation=(58.395, 57.12, 57.375)
)

STAGES = {"widths": (64, 128, 256, 512), "strides": (1, 2, 2, 2)}
STEM = {"stem": "imagenet", "stem_width": 64}
# What the networks of keras.applications have in common.
KERAS_APPLICATIONS = {
    "use_bias": True,
    "epsilon": 1.001e-5,
    "momentum": 0.99,
    "kernel_initializer": "glorot_uniform",
    "normalization": CAFFE,
}

SPECIFICATIONS = (
    Specification(
        name="resnet18",
        title="ResNet-18",
        source="He et al. 2015, table 1",
        block="basic",
        depths=(2, 2, 2, 2),
        normalization=TORCH,
        **STAGES,
        **STEM,
    ),
    Specification(
        name="resnet50",
        title="ResNet-50, version 1, as in keras.applications",
        source="He et al. 2015, table 1; the stride on the first 1x1 convolution",
        block="bottleneck",
        depths=(3, 4, 6, 3),
        stride_placement="1x1",
        **KERAS_APPLICATIONS,
        **STAGES,
        **STEM,
    ),
    Specification(
        name="resnet50v1_5",
        title="ResNet-50, version 1.5",
        source="He et al. 2015, table 1; the stride on the 3x3 convolution",
        block="bottleneck",
        depths=(3, 4, 6, 3),
        normalization=TORCH,
        **STAGES,
        **STEM,
    ),
)
