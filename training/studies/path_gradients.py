"""`keras-resnet-study path_gradients`: which paths carry the gradient."""

from absl import flags

from keras_resnet import studies
from keras_resnet.training.studies.draws import define_draw_flags
from keras_resnet.training.studies.subject import define_subject_flags
from keras_resnet.training.studies.subject_study import (
    DRAWS,
    define_batch_flag,
    study_subject,
)

DESCRIPTION = """Measure the gradient that single paths of each length carry.

  keras-resnet-study path_gradients --weights=runs/cifar --images=100

(Veit et al. 2016, section 5.)
"""
IMAGES = 100


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_subject_flags(values, IMAGES)
    define_draw_flags(values)
    flags.DEFINE_list(
        "lengths",
        None,
        "Lengths in modules, as 0,5,10 or 0-20. Default: all.",
        flag_values=values,
    )
    define_batch_flag(values, 20)


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    options = (*DRAWS, "batch_size")
    result = study_subject(values, studies.path_gradients, "lengths", options)
    low, high = result.effective_lengths
    share = result.effective_share_of_paths
    of_paths = "" if share is None else f" {share:.2%} of all paths,"
    of_what = "" if share is not None else " of the lengths that were drawn"
    print(
        f"Paths of {low} to {high} of the {result.modules} modules,{of_paths} have "
        f"95 % of the number times the norm{of_what}, and carry "
        f"{result.effective_share_of_gradient:.2%} of the whole gradient."
    )
