"""`keras-resnet-study path_lengths`: how many paths of each length there are."""

from absl import flags

from keras_resnet import studies
from keras_resnet.training.evaluation.scored_network import find_source
from keras_resnet.training.studies.making import make_study
from keras_resnet.training.studies.subject import check_weights, define_network_flags
from keras_resnet.weights.loading import read_model

DESCRIPTION = """Count the paths through a network by length.

  keras-resnet-study path_lengths --weights=runs/cifar
  keras-resnet-study path_lengths --model=resnet110

(Veit et al. 2016, section 5.) Lengths are counted in modules, and in the
columns of a FractalNet in convolutions.
"""


def define_flags(values: flags.FlagValues) -> None:
    """Define the study's flags in `values`."""
    define_network_flags(values)


def run(values: flags.FlagValues) -> None:
    """Make the study."""
    result = make_study(
        values, "path_lengths", lambda *_: studies.path_lengths(_network(values))
    )
    print(f"{result.summary()}.")


def _network(values: flags.FlagValues):
    if values.weights is None and values.model is not None:
        return _by_name(values.model)
    check_weights(values)
    source = find_source(values.weights, values.model)
    if source.model is None:
        return read_model(source.path)
    run = source.run
    # A training may have built it otherwise.
    options = run.options if run is not None and run.model == source.model else {}
    return _by_name(source.model, include_preprocessing=True, **options)


def _by_name(name: str, **options):
    import keras_resnet

    return keras_resnet.create_model(name, **options)
