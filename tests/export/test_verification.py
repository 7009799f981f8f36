import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_resnet.export.collapse import CollapsedModelError
from keras_resnet.export.tflite import to_tflite
from keras_resnet.export.verification import verify, verify_files

metrics = pytest.importorskip("sklearn.metrics")
litert = pytest.importorskip("ai_edge_litert.interpreter")


@pytest.fixture(scope="module")
def files(trained, digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return [
        to_tflite(trained, folder / f"{name}.tflite", name, digits.train_images).path
        for name in ("float32", "int8")
    ]


@pytest.fixture(scope="module")
def batches(digits):
    arrays = (digits.test_images, digits.test_labels)
    return tf.data.Dataset.from_tensor_slices(arrays).batch(50)


def test_figures_are_those_of_other_implementations(files, trained, digits, batches):
    found = verify(files[1], trained, batches)
    run = litert.Interpreter(str(files[1])).get_signature_runner()
    images = digits.test_images
    by_file = np.concatenate(
        [run(image=x[np.newaxis].astype("uint8"))["probabilities"] for x in images]
    )
    by_file = by_file / 256
    by_keras = trained.predict(images, verbose=0)
    labels = digits.test_labels
    file_classes, keras_classes = by_file.argmax(axis=1), by_keras.argmax(axis=1)
    assert found.count == len(labels)
    assert found.accuracy == metrics.accuracy_score(labels, file_classes)
    assert found.keras_accuracy == metrics.accuracy_score(labels, keras_classes)
    assert found.agreement == metrics.accuracy_score(keras_classes, file_classes)
    assert found.mean_difference == pytest.approx(
        metrics.mean_absolute_error(by_keras, by_file), abs=1e-6
    )
    assert found.largest_difference == pytest.approx(
        metrics.max_error(by_keras.ravel(), by_file.ravel()), abs=1e-5
    )
    confusion = metrics.confusion_matrix(keras_classes, file_classes)
    assert list(found.predicted_counts) == confusion.sum(axis=0).tolist()
    assert list(found.keras_predicted_counts) == confusion.sum(axis=1).tolist()


def test_several_files_in_one_pass_are_as_one_by_one(files, trained, batches):
    few = batches.take(2)
    once = iter(few.as_numpy_iterator())
    assert verify_files(files, trained, once) == [
        verify(path, trained, few) for path in files
    ]


def test_a_collapsed_file_is_an_error(collapsing, digits, batches, tmp_path):
    path = tmp_path / "collapsed.tflite"
    to_tflite(collapsing, path, "int8", digits.train_images, refuse_collapsed=False)
    with pytest.raises(CollapsedModelError, match=r"collapsed\.tflite' has collapsed"):
        verify(path, collapsing, batches)
    to_tflite(collapsing, path, "float32")
    assert verify(path, collapsing, batches).agreement > 0.99


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((3, 16, 16, 3), [0, 1, 2], r"Received: images of shape \(3, 16, 16, 3\)"),
        ((3, 16, 16, 1), [0, 1], r"Received: 3 images with labels of shape \(2,\)"),
        ((3, 16, 16, 1), [[0], [1], [2]], r"labels of shape \(3, 1\)"),
        ((3, 16, 16, 1), [0.0, 1.0, 2.0], "type float64"),
        ((0, 16, 16, 1), np.zeros(0, int), "Received: 0 images"),
        ((3, 16, 16, 1), [0, 1, 10], "Received: labels from 0 to 10"),
    ],
)
def test_batches_that_do_not_fit_are_refused(files, trained, images, labels, message):
    with pytest.raises(ValueError, match=message):
        verify(files[0], trained, [(np.zeros(images), np.asarray(labels))])


def test_no_image_is_an_error(files, trained):
    with pytest.raises(ValueError, match="Received: no batches"):
        verify(files[0], trained, [])


def test_a_file_of_another_model_is_refused(files, trained, make_small_resnet, batches):
    with pytest.raises(ValueError, match=r"Received: outputs of shape \(10,\)"):
        verify(files[0], make_small_resnet(classes=11), batches)


def test_files_of_different_shapes_are_refused(
    files, trained, make_small_resnet, batches, tmp_path
):
    path = tmp_path / "wide.tflite"
    to_tflite(make_small_resnet((16, 24, 1)), path)
    with pytest.raises(ValueError, match="images of one shape"):
        verify_files([files[0], path], trained, batches)


def test_a_model_without_classes_is_refused(tmp_path):
    inputs = keras.Input((16, 16, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    exported = to_tflite(model, tmp_path / "features.tflite")
    with pytest.raises(ValueError, match="Received: outputs of shape"):
        verify(exported.path, model, [(np.zeros((2, 16, 16, 1)), np.array([0, 1]))])
