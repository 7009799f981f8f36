"""The studies that train networks."""

import csv
import dataclasses
import functools
import types

import keras
import matplotlib.figure
import numpy as np
import pytest
from absl import flags
from keras import layers

import keras_resnet
from keras_resnet.layers import ORDERINGS, SHORTCUT_FUNCTIONS
from keras_resnet.training import datasets, get_recipe
from keras_resnet.training import studies as training_studies
from keras_resnet.training.history import Epoch
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.studies import (
    Budget,
    block_variants,
    degradation,
    program,
    stochastic_depth,
    study_block_variants,
    study_degradation,
)
from keras_resnet.training.studies.block_variants_table import TABLES
from keras_resnet.training.studies.class_heatmap import mosaic
from keras_resnet.training.studies.training_flags import folder_of_study
from keras_resnet.training.studies.variant_training import TrainedVariant, Variant


def flag_values(module, folder, **typed):
    values = flags.FlagValues()
    module.define_flags(values)
    common = {
        "recipe": "digits",
        "dataset": "digits",
        "output": str(folder),
        "epochs": "1",
        "train_images": "64",
        "batch_size": "32",
        "image_side": "8",
    }
    typed = [f"--{name}={value}" for name, value in {**common, **typed}.items()]
    values(["keras-resnet-study", *typed])
    return values


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.slow
def test_degradation_trains_and_continues(tmp_path):
    values = flag_values(degradation, tmp_path, depths="20")
    degradation.run(values)
    rows = table(tmp_path / "degradation.csv")
    assert [row[:2] for row in rows[1:]] == [["plain", "20"], ["resnet", "20"]]
    assert len(table(tmp_path / "gradient_norms.csv")) == 1 + 2 * 19
    # What is complete is not trained again: the seconds are the same.
    degradation.run(values)
    assert table(tmp_path / "degradation.csv") == rows


def _test_error(model):
    """Count the errors on digits by arrays, without the pipeline."""
    split = datasets.load("digits").test
    images, labels = zip(*split.records().as_numpy_iterator(), strict=True)
    images = np.stack(images).astype("float32")
    found = model.predict(images, verbose=0).argmax(axis=1)
    return np.mean(found != np.array(labels))


def _without_calibration(path):
    """Load a network, and build one that drops nothing with its weights."""
    unscaled = keras_resnet.create_model(
        "resnet8", input_shape=(32, 32, 1), include_preprocessing=True, nested=True
    )
    trained = keras.models.load_model(path)
    unscaled.set_weights(trained.get_weights())
    return trained, unscaled


@pytest.mark.slow
def test_stochastic_depth_with_and_without_calibration(tmp_path):
    values = flag_values(
        stochastic_depth,
        tmp_path,
        model="resnet8",
        probabilities="0.5",
        image_side="32",
        train_images="640",
    )
    stochastic_depth.run(values)
    rows = table(tmp_path / "stochastic_depth.csv")[1:]
    assert [float(row[2]) for row in rows] == [2.0, 3.0, 1.5, 3.0]
    # Constant depth has nothing to calibrate.
    assert all(row[3] == row[4] for row in rows if float(row[1]) == 1)
    for row in rows:
        if float(row[1]) < 1:
            path = tmp_path / f"{row[0]}_0.5" / "model.keras"
            found = [100 * _test_error(x) for x in _without_calibration(path)]
            assert [float(x) for x in row[3:5]] == pytest.approx(found, abs=0.3)


@pytest.mark.parametrize(
    "rule", ["linear", pytest.param("constant", marks=pytest.mark.slow)]
)
def test_errors_without_calibration(tmp_path, randomize, rule):
    options = stochastic_depth._options(0.3, rule)
    # Weights with which a scaled branch makes another class the first.
    model = randomize(
        keras_resnet.create_model(
            "resnet8", input_shape=(32, 32, 1), include_preprocessing=True, **options
        )
    )
    path = tmp_path / "model.keras"
    model.save(path)
    scaled, unscaled = map(_test_error, _without_calibration(path))
    assert scaled != unscaled
    found = stochastic_depth.uncalibrated_error(
        TrainedVariant(Variant("x", "resnet8", options), path, ()),
        get_recipe("digits"),
        datasets.load("digits"),
    )
    assert found == pytest.approx(unscaled, abs=1e-9)


@pytest.mark.slow
def test_block_variants_beside_the_published(tmp_path):
    values = flag_values(block_variants, tmp_path, model="resnet8", table="activations")
    block_variants.run(values)
    rows = table(tmp_path / "block_variants_activations.csv")[1:]
    published = [float(row[4]) for row in rows]
    assert published == [6.61, 8.17, 7.84, 6.71, 6.37]


def own_network(input_shape, classes, classifier_activation, *, depth=1, shortcut=True):
    """Build a network that this package does not know."""
    x = inputs = keras.Input(input_shape)
    x = layers.Conv2D(4, 3, strides=2, padding="same")(layers.Rescaling(1 / 255)(x))
    for _ in range(depth):
        way = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        x = layers.add([x, way]) if shortcut else way
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation=classifier_activation)(x)
    return keras.Model(inputs, x)


@pytest.mark.slow
def test_a_network_of_ones_own_deeper_and_deeper(tmp_path):
    data, messages = _few(datasets.load("digits")), []

    def study(depths):
        return study_degradation(
            "digits",
            data,
            depths,
            tmp_path,
            networks={
                "mine": lambda depth: functools.partial(own_network, depth=depth)
            },
            budget=Budget(epochs=1, image_side=8),
            progress=messages.append,
        )

    found = study([2])
    assert [row[:2] for row in found.rows()] == [("mine", 2)]
    assert len(found.gradients.rows()) == 3
    assert messages[0] == "training 1 of 1: mine2"
    # Another depth is trained besides; what is complete is not trained again.
    again = study([2, 1])
    assert again.depths == (1, 2)
    assert again.trained["mine"][1].history == found.trained["mine"][0].history
    assert all(path.stat().st_size for path in again.save(tmp_path))


def _few(data):
    return dataclasses.replace(
        data, train=data.train.subset(np.arange(32)), test=data.test.subset(range(16))
    )


@pytest.mark.parametrize(
    ("study", "error", "message"),
    [
        (lambda **x: study_degradation(depths=(56, 110), **x), ValueError, "plain110"),
        (lambda **x: study_degradation(depths=(), **x), ValueError, "at least one"),
        (
            lambda **x: study_block_variants(
                model="densenet40_12", table="activations", **x
            ),
            TypeError,
            "ordering",
        ),
        (
            lambda **x: study_block_variants(model=own_network, **x),
            TypeError,
            "shortcut_function",
        ),
        (
            lambda **x: study_block_variants(model="resnet8", table=(), **x),
            ValueError,
            "at least one",
        ),
        (
            lambda **x: training_studies.study_stochastic_depth(
                model="resnet8", probabilities=(0.5, 1), **x
            ),
            ValueError,
            "between 0 and 1",
        ),
        (
            lambda **x: study_degradation(
                depths=(20,), budget=Budget(dtype_policy="float8"), **x
            ),
            ValueError,
            "dtype_policy",
        ),
    ],
)
def test_wrong_names_are_found_before_anything_is_trained(
    tmp_path, study, error, message
):
    with pytest.raises(error, match=message):
        study(recipe="digits", dataset="digits", folder=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_pairs_of_commands_write_to_folders_of_their_own(monkeypatch):
    folders = []
    for module, typed in (
        (degradation, {}),
        (degradation, {"recipe": "he2015_cifar10"}),
        (block_variants, {"table": "shortcuts"}),
        (block_variants, {"table": "activations"}),
        (block_variants, {"table": "activations", "model": "resnet110"}),
        (stochastic_depth, {}),
        (stochastic_depth, {"model": "resnet110"}),
    ):
        values = flags.FlagValues()
        module.define_flags(values)
        values(["study", *(f"--{name}={value}" for name, value in typed.items())])

        def stop(*arguments):
            folders.append(folder_of_study(*arguments))
            raise TrainingInterrupted(15)

        monkeypatch.setattr(module, "folder_of_study", stop)
        with pytest.raises(TrainingInterrupted):
            module.run(values)
        assert values.recipe in folders[-1].name
    assert len({*folders}) == 7
    values = flag_values(degradation, "there")
    assert folder_of_study(values, "degradation").name == "there"


def test_a_stopped_training_is_told_as_that_of_one_network(capsys):
    def run(values):
        raise TrainingInterrupted(15, "'runs/x' is kept.")

    main = program.study_main(
        "degradation", types.SimpleNamespace(__name__="x", run=run)
    )
    assert main(["keras-resnet-study", "degradation"]) == 128 + 15
    assert capsys.readouterr().err == (
        "\nInterrupted. 'runs/x' is kept. Run the same command again to continue.\n"
    )


def test_a_measured_error_of_zero_is_written_as_such():
    rows = TABLES["shortcuts"]
    result = block_variants.BlockVariantResult(
        "shortcuts", "m", "r", rows, tuple(trained(row.label, 0.0) for row in rows)
    )
    figure = matplotlib.figure.Figure()
    result.draw(figure)
    measured, published = (
        [text.get_text().strip() for text in axes.texts] for axes in figure.axes
    )
    assert measured == ["0.00"] * 6
    assert published == ["6.61", "12.35", "8.70", "6.91", "12.22", "above 20"]


def trained(label, error):
    epochs = [
        Epoch(number, 0.1, 1.0, 1 - error / 2, 1.0, 1 - error, 3.0) for number in (1, 2)
    ]
    return TrainedVariant(Variant(label, "resnet8"), None, tuple(epochs))


def test_tables_name_what_blocks_have():
    for rows in TABLES.values():
        for row in rows:
            assert row.options.get("ordering", "original") in ORDERINGS
            function = row.options.get("shortcut_function", "identity")
            assert function in SHORTCUT_FUNCTIONS
            assert row.published or row.bound
    assert len(TABLES["activations"]) == len(ORDERINGS)
    assert len(TABLES["shortcuts"]) == len(SHORTCUT_FUNCTIONS)


def test_expected_depth_is_the_papers():
    # Huang et al. 2016, section 3: three quarters of 54 blocks, (3L - 1) / 4.
    assert stochastic_depth.expected_blocks(54, 0.5, "linear") == pytest.approx(40.25)
    assert stochastic_depth.expected_blocks(54, 0.5, "constant") == 27


def test_results_are_written(tmp_path):
    rows = TABLES["shortcuts"]
    for result in (
        block_variants.BlockVariantResult(
            "shortcuts",
            "resnet8",
            "digits",
            rows,
            tuple(trained(row.label, 0.2) for row in rows),
        ),
        degradation.DegradationResult(
            "digits",
            (20, 32),
            {
                kind: (trained(kind, 0.2), trained(kind, 0.1))
                for kind in ("plain", "resnet")
            },
        ),
        stochastic_depth.StochasticDepthResult(
            "resnet8",
            "digits",
            3,
            100,
            tuple(
                stochastic_depth.Depth(rule, p, 2.0, trained("x", 0.3), (0.3, 0.4))
                for rule in ("linear", "constant")
                for p in (0.5, 1.0)
            ),
        ),
    ):
        paths = result.save(tmp_path, "command")
        assert all(path.stat().st_size for path in paths)
        assert len(table(paths[0])) == 1 + len(result.rows())


def test_what_is_refused(tmp_path, rng):
    with pytest.raises(ValueError, match="--probabilities"):
        stochastic_depth.run(flag_values(stochastic_depth, tmp_path, probabilities="1"))
    with pytest.raises(ValueError, match="or ranges"):
        degradation.run(flag_values(degradation, tmp_path, depths="32-20"))
    with pytest.raises(ValueError, match="--table"):
        block_variants.run(flag_values(block_variants, tmp_path, table="shortcut"))
    images = rng.normal(size=(5, 4, 6, 3))
    with pytest.raises(ValueError, match="There are 5 images"):
        mosaic(images, "2x3")
    with pytest.raises(ValueError, match="rows and columns"):
        mosaic(images, "2")
    larger = mosaic(images, "2x2")
    assert larger.shape == (8, 12, 3)
    assert (larger[4:, :6] == images[2]).all()
