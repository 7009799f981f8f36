"""Blocks of residual networks and their parts, as Keras layers."""

from keras_resnet.layers.batch_normalization import BatchNormalization
from keras_resnet.layers.block import Block
from keras_resnet.layers.image_normalization import ImageNormalization
from keras_resnet.layers.preactivation import (
    PreactivationBasicBlock,
    PreactivationBlock,
    PreactivationBottleneckBlock,
)
from keras_resnet.layers.residual import BasicBlock, BottleneckBlock, ResidualBlock
from keras_resnet.layers.shortcuts import ZeroPaddedIdentity
from keras_resnet.layers.stochastic_depth import (
    StochasticDepth,
    linear_survival_probabilities,
)
from keras_resnet.layers.wide import WideBlock

__all__ = [
    "BasicBlock",
    "BatchNormalization",
    "Block",
    "BottleneckBlock",
    "ImageNormalization",
    "PreactivationBasicBlock",
    "PreactivationBlock",
    "PreactivationBottleneckBlock",
    "ResidualBlock",
    "StochasticDepth",
    "WideBlock",
    "ZeroPaddedIdentity",
    "linear_survival_probabilities",
]
