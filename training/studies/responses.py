"""`keras-resnet-study responses`: how strongly each layer responds."""

from absl import flags

from keras_resnet import studies
from keras_resnet.training.studies.making import make_study
from keras_resnet.training.studies.several_networks import (
    define_other_weights_flag,
    load_networks,
)
from keras_resnet.training.studies.subject import define_subject_flags

DESCRIPTION = """Measure the standard deviation of every convolution's responses.

  keras-resnet-study responses --weights=runs/resnet56 --other_weights=runs/plain56

After batch normalization, before nonlinearity and addition (He et al. 2015,
figure 7).
"""
IMAGES = 1000


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_subject_flags(values, IMAGES)
    define_other_weights_flag(values)


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    models, images, _ = load_networks(values)
    result = make_study(
        values,
        "responses",
        lambda cache, progress: studies.responses(
            models, images, cache=cache, progress=progress
        ),
    )
    for network, value in result.document()["mean standard deviation"].items():
        print(f"{network}: {value:.3g} on average")
