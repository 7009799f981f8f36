"""`keras-resnet-study gradient_norms`: the gradient at each layer."""

from absl import flags

from keras_resnet import studies
from keras_resnet.training.studies.making import make_study
from keras_resnet.training.studies.several_networks import (
    define_other_weights_flag,
    load_networks,
)
from keras_resnet.training.studies.subject import define_subject_flags

DESCRIPTION = """Measure the norm of the gradient at every convolution.

  keras-resnet-study gradient_norms --weights=runs/resnet56 --other_weights=runs/plain56

As in a training step, of the mean cross entropy over one batch of --images.
"""
IMAGES = 128


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_subject_flags(values, IMAGES)
    define_other_weights_flag(values)


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    models, images, labels = load_networks(values)
    result = make_study(
        values,
        "gradient_norms",
        lambda cache, progress: studies.gradient_norms(
            models, images, labels, cache=cache, progress=progress
        ),
    )
    for network, norms in result.norms.items():
        print(f"{network}: {min(norms):.3g} to {max(norms):.3g}")
