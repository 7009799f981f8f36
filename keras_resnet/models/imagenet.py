"""The ImageNet networks, as rows of tables."""

from keras_resnet.models.specification import Specification
from keras_resnet.normalization import CAFFE, TORCH, UNIT

BASIC = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK = {
    26: (2, 2, 2, 2),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
REVISED_SCALING = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
    270: (4, 29, 53, 4),
    350: (4, 36, 72, 4),
    420: (4, 44, 87, 4),
}
IN_KERAS_APPLICATIONS = (50, 101, 152)

STAGES = {"widths": (64, 128, 256, 512), "strides": (1, 2, 2, 2)}
STEM = {"stem": "imagenet", "stem_width": 64, "stem_pool": "max"}
DEEP_STEM = {"stem": "deep", "stem_width": 32, "stem_pool": "max"}
PYTORCH = {"normalization": TORCH, **STAGES}
# What the networks of keras.applications have in common.
KERAS_APPLICATIONS = {
    "epsilon": 1.001e-5,
    "momentum": 0.99,
    "kernel_initializer": "glorot_uniform",
    **STAGES,
    **STEM,
}
TRANSFORMERS = "transformers.ResNetForImageClassification"
# The tests compare one depth of each kind whole.
WHOLE_IN_TIMM = 50


def _timm(depth: int) -> str:
    return "timm" if depth == WHOLE_IN_TIMM else "timm, with one block a stage"


def _shape(depth: int) -> dict:
    if depth in BASIC:
        return {"block": "basic", "depths": BASIC[depth]}
    return {"block": "bottleneck", "depths": BOTTLENECK[depth]}


RESNET = (
    *(
        Specification(
            name=f"resnet{depth}",
            function=f"ResNet{depth}",
            title=f"ResNet-{depth}",
            source="He et al. 2015, table 1",
            checked_against=TRANSFORMERS,
            **_shape(depth),
            **PYTORCH,
            **STEM,
        )
        for depth in BASIC
    ),
    *(
        Specification(
            name=f"resnet{depth}",
            function=f"ResNet{depth}",
            title=f"ResNet-{depth}, version 1",
            source="He et al. 2015, table 1; the stride on the first 1x1 convolution",
            checked_against=f"keras.applications.ResNet{depth}"
            if depth in IN_KERAS_APPLICATIONS
            else TRANSFORMERS,
            stride_placement="1x1",
            use_bias=True,
            normalization=CAFFE,
            known_sides=depth in IN_KERAS_APPLICATIONS,
            **_shape(depth),
            **KERAS_APPLICATIONS,
        )
        for depth in BOTTLENECK
    ),
    *(
        Specification(
            name=f"resnet{depth}v1_5",
            function=f"ResNet{depth}V1_5",
            title=f"ResNet-{depth}, version 1.5",
            source="He et al. 2015, table 1; the stride on the 3x3 convolution",
            checked_against=TRANSFORMERS,
            **_shape(depth),
            **PYTORCH,
            **STEM,
        )
        for depth in BOTTLENECK
    ),
)

RESNET_V2 = (
    *(
        Specification(
            name=f"resnet{depth}v2",
            function=f"ResNet{depth}V2",
            title=f"ResNet-{depth} V2, as in keras.applications",
            source="He et al. 2016, full pre-activation; the stride in the last block",
            checked_against=f"keras.applications.ResNet{depth}V2",
            ordering="full_preactivation",
            strided_block="last",
            shortcut="subsampled",
            use_bias="unnormalized",
            padding="explicit",
            normalization=UNIT,
            known_sides=True,
            **_shape(depth),
            **{**KERAS_APPLICATIONS, "strides": (2, 2, 2, 1)},
        )
        for depth in IN_KERAS_APPLICATIONS
    ),
    *(
        Specification(
            name=f"resnetv2_{depth}",
            function=f"ResNetV2_{depth}",
            title=f"pre-activation ResNet-{depth}",
            checked_against=_timm(depth),
            source="He et al. 2016, full pre-activation, as PyTorch users build it",
            ordering="full_preactivation",
            pool_padding="edge",
            **_shape(depth),
            **PYTORCH,
            **STEM,
        )
        for depth in (18, 34, 50, 101, 152, 200)
    ),
)

RESNET_D = tuple(
    Specification(
        name=f"resnet{depth}d",
        function=f"ResNet{depth}D",
        title=f"ResNet-{depth}-D",
        checked_against=_timm(depth),
        source="He et al. 2018 (bag of tricks), figure 2",
        shortcut="average_pool",
        **_shape(depth),
        **PYTORCH,
        **DEEP_STEM,
    )
    for depth in (*BASIC, *BOTTLENECK)
)

SE_RESNET = tuple(
    Specification(
        name=f"seresnet{depth}",
        function=f"SEResNet{depth}",
        title=f"SE-ResNet-{depth}",
        checked_against=_timm(depth),
        source="Hu et al. 2018, table 1",
        squeeze_excite_ratio=1 / 16,
        **_shape(depth),
        **PYTORCH,
        **STEM,
    )
    for depth in (18, 34, 50, 101, 152)
)

RESNET_RS = tuple(
    Specification(
        name=f"resnetrs{depth}",
        function=f"ResNetRS{depth}",
        title=f"ResNet-RS-{depth}",
        checked_against=_timm(depth),
        source="Bello et al. 2021, table 7 and appendix",
        block="bottleneck",
        depths=depths,
        stem="deep",
        stem_width=32,
        stem_pool="convolution",
        shortcut="average_pool",
        squeeze_excite_ratio=0.25,
        **PYTORCH,
    )
    for depth, depths in REVISED_SCALING.items()
)

RESNEXT = tuple(
    Specification(
        name=f"resnext{depth}_{groups}x{width}d",
        function=f"ResNeXt{depth}_{groups}x{width}d",
        title=f"ResNeXt-{depth} {groups}x{width}d",
        checked_against=_timm(depth),
        source="Xie et al. 2017, table 1",
        groups=groups,
        width_per_group=width,
        **_shape(depth),
        **PYTORCH,
        **STEM,
    )
    for depth, groups, width in ((50, 32, 4), (101, 32, 4), (101, 32, 8), (101, 64, 4))
)

WIDE_RESNET = tuple(
    Specification(
        name=f"wide_resnet{depth}_2",
        function=f"WideResNet{depth}_2",
        title=f"WRN-{depth}-2-bottleneck",
        checked_against=_timm(depth),
        source="Zagoruyko & Komodakis 2016, table 8",
        width_per_group=128,
        **_shape(depth),
        **PYTORCH,
        **STEM,
    )
    for depth in (50, 101)
)

PLAIN = tuple(
    Specification(
        name=f"plain{depth}",
        function=f"Plain{depth}",
        title=f"plain-{depth}",
        source="He et al. 2015, table 1 and figure 3, middle",
        shortcut="none",
        **_shape(depth),
        **PYTORCH,
        **STEM,
    )
    for depth in BASIC
)

SPECIFICATIONS = (
    *RESNET,
    *RESNET_V2,
    *RESNET_D,
    *SE_RESNET,
    *RESNET_RS,
    *RESNEXT,
    *WIDE_RESNET,
    *PLAIN,
)
