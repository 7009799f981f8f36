import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import extractor

from keras_resnet.training.datasets import tensorflow_datasets_source


def store(folder, name, **splits):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (9, 16, 16, 3), "uint8")
    labels = rng.integers(0, 3, 9)
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=folder,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(16, 16, 3)),
                "label": tfds.features.ClassLabel(names=["a", "b", "c"]),
            }
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"image": images[begin:end], "label": labels[begin:end]}
            )
            for split, (begin, end) in splits.items()
        },
        disable_shuffling=True,
    )
    return images, labels


@pytest.mark.parametrize("held_out", ["test", "validation"])
def test_reads_a_prepared_dataset(tmp_path, held_out):
    images, labels = store(tmp_path, "patches", **{"train": (0, 6), held_out: (6, 9)})
    dataset = tensorflow_datasets_source.load("patches", data_dir=str(tmp_path))
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.image_shape == (16, 16, 3)
    assert (dataset.train.size, dataset.test.size) == (6, 3)
    found = list(dataset.train.examples()) + list(dataset.test.examples())
    np.testing.assert_array_equal(np.stack([image for image, _ in found]), images)
    np.testing.assert_array_equal([int(label) for _, label in found], labels)
    assert found[0][0].dtype == "uint8"
    assert found[0][1].dtype == "int32"
    subset = dataset.train.subset([1, 4])
    found = np.stack([image for image, _ in subset.examples()])
    np.testing.assert_array_equal(found, images[[1, 4]])


def test_files_are_read_in_another_order_with_the_places_of_the_first(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (40, 8, 8, 3), "uint8")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="sharded",
        version="1.0.0",
        data_dir=tmp_path,
        # Large images, as far as their sizes are known.
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(num_classes=40),
            }
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"image": images, "label": np.arange(40)}
            )
            for split in ("train", "test")
        },
        download_config=tfds.download.DownloadConfig(num_shards=20),
    )
    train = tensorflow_datasets_source.load("sharded", data_dir=str(tmp_path)).train
    by_place = [
        (image.numpy(), int(label)) for image, label in train.records().take(40)
    ]
    orders = []
    for seed in (1, 2):
        found = [
            (int(place), (image.numpy(), int(label)))
            for place, (image, label) in train.placed_records(tf.constant([0, seed]))
        ]
        orders.append([place for place, _ in found])
        assert [record for _, record in sorted(found)] == by_place
    assert orders[0] != orders[1]
    assert orders[0] != sorted(orders[0])


def test_refuses_a_dataset_without_a_held_out_split(tmp_path):
    store(tmp_path, "alone", train=(0, 6))
    with pytest.raises(ValueError, match="Received: dataset='alone'"):
        tensorflow_datasets_source.load("alone", data_dir=str(tmp_path))


class Interrupted(tfds.core.GeneratorBasedBuilder):
    """Fails as often as `failures` has something to raise, after two images."""

    name = "interrupted"
    VERSION = tfds.core.Version("1.0.0")
    failures = ()

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 3)),
                    "label": tfds.features.ClassLabel(num_classes=2),
                }
            )
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(), "test": self._generate_examples()}

    def _generate_examples(self):
        for index in range(6):
            if index == 2 and Interrupted.failures:
                failure, *Interrupted.failures = Interrupted.failures
                raise failure
            image = np.full((8, 8, 3), index, "uint8")
            yield index, {"image": image, "label": index % 2}


def test_a_version_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"no such version.* only: 1\.0\.0.* dataset='interrupted:9"
    ):
        tensorflow_datasets_source.load("interrupted:9.9.9", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    "failure",
    [
        extractor.ExtractError("Error while extracting a.tar: No space left."),
        extractor.UnsafeArchiveError("../a is outside."),
        tf.errors.ResourceExhaustedError(None, None, "No space left."),
        tfds.core.download.download_manager.NonMatchingChecksumError("Not the same."),
    ],
)
def test_what_cannot_be_prepared_is_told(tmp_path, failure):
    Interrupted.failures = [failure]
    with pytest.raises(OSError, match="'interrupted' cannot be prepared: ") as error:
        tensorflow_datasets_source.load("interrupted", data_dir=str(tmp_path))
    assert error.value.__cause__ is failure


def test_the_next_start_prepares_what_was_interrupted(tmp_path):
    Interrupted.failures = [KeyboardInterrupt(), ConnectionError("The line is cut.")]
    with pytest.raises(KeyboardInterrupt):
        tensorflow_datasets_source.load("interrupted", data_dir=str(tmp_path))
    with pytest.raises(
        OSError,
        match=r"'interrupted' cannot be prepared: The line.* remove '.*downloads'",
    ):
        tensorflow_datasets_source.load("interrupted", data_dir=str(tmp_path))
    dataset = tensorflow_datasets_source.load("interrupted", data_dir=str(tmp_path))
    assert (dataset.train.size, dataset.test.size) == (6, 6)
    levels = sorted(int(image[0, 0, 0]) for image, _ in dataset.train.examples())
    assert levels == list(range(6))
    contents, _ = dataset.train.encoded(*next(iter(dataset.train.records())))
    assert contents.dtype == tf.string
