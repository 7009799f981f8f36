import io

import keras
import matplotlib.image
import numpy as np
import pytest
import tensorflow as tf

import keras_resnet
from keras_resnet.training import datasets
from keras_resnet.training.datasets.evaluation import Framing
from keras_resnet.training.datasets.file_split import split_of_files
from keras_resnet.training.watching import captions
from keras_resnet.training.watching.image_sheet import GAP, draw_sheet
from keras_resnet.training.watching.layer_graph import layer_graph
from keras_resnet.training.watching.tensorboard import TensorBoard


def pixels_of(sheet):
    return np.rint(255 * matplotlib.image.imread(io.BytesIO(sheet.png))[..., :3])


def test_every_pixel_of_a_small_image_is_on_the_sheet(rng):
    images = rng.integers(0, 256, (10, 56, 50, 3)).astype("float32")
    sheet = draw_sheet(images, [["a"]] * 10)
    found = pixels_of(sheet)
    assert found.shape == (sheet.height, sheet.width, 3)
    # Twice as large, eight in a row.
    corner = found[GAP : GAP + 112 : 2, GAP : GAP + 100 : 2]
    np.testing.assert_array_equal(corner, images[0])
    height = sheet.height // 2 + GAP // 2
    ninth = found[height : height + 112 : 2, GAP : GAP + 100 : 2]
    np.testing.assert_array_equal(ninth, images[8])


def test_captions_are_cut_and_grey_images_are_grey(rng):
    images = rng.integers(0, 256, (1, 300, 200, 1))
    sheet = draw_sheet(images, [["a very long name of a class " * 9, "$not math"]])
    found = pixels_of(sheet)
    shown = found[GAP : GAP + 150, GAP : GAP + 100]
    np.testing.assert_array_equal(shown[..., 0], images[0, ::2, ::2, 0])
    np.testing.assert_array_equal(shown[..., 0], shown[..., 2])
    # There is writing below the image, and none reaches the edge.
    assert (found[GAP + 150 :] < 100).any()
    assert (found[GAP + 150 :, -2:] == 255).all()


def test_refuses_images_without_captions():
    with pytest.raises(ValueError, match=r"shape \(2, 8, 8, 1\), 1 captions"):
        draw_sheet(np.zeros((2, 8, 8, 1)), [["one"]])


def test_mixed_images_have_both_classes():
    shares = np.array([[0, 1, 0], [0.25, 0, 0.75]], "float32")
    shown = captions.of_a_batch(np.zeros((2, 4, 4, 1)), shares, ("a", "b", "c"))
    assert shown.captions == [["100 % b"], ["75 % c", "25 % a"]]
    shown = captions.of_a_batch(
        np.zeros((2, 4, 4, 1)), np.array([2, 0]), ("a", "b", "c")
    )
    assert shown.captions == [["c"], ["a"]]


def test_mistakes_are_those_of_the_model():
    digits = datasets.load("digits")
    images, labels = next(
        iter(datasets.evaluation_batches(digits.test, (8, 8, 1), digits.test.size))
    )
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    guesses = model.predict(images, verbose=0).argmax(axis=-1)
    shown = captions.of_mistakes(
        model, digits.test, (8, 8, 1), 50, digits.class_names, Framing()
    )
    assert len(shown.images) == len(shown.captions) == captions.SHOWN
    every = {image.tobytes(): place for place, image in enumerate(images.numpy())}
    for image, (is_one, is_not) in zip(shown.images, shown.captions, strict=True):
        # Images are shown as whole numbers.
        near = np.abs(images.numpy() - image).max(axis=(1, 2, 3)) <= 0.5
        (place,) = np.flatnonzero(near)
        assert is_one == digits.class_names[labels[place]]
        assert is_not.startswith(f"not {digits.class_names[guesses[place]]} (")
    assert every


def test_a_model_without_mistakes_has_none_to_show():
    digits = datasets.load("digits")
    one = digits.test.subset(np.arange(1))
    (_, label), *_ = one.examples()
    right = np.eye(10, dtype="float32")[label.numpy()]
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    outputs = keras.layers.Dense(
        10, kernel_initializer="zeros", bias_initializer=lambda *_, **__: right
    )(flat)
    model = keras.Model(inputs, outputs)
    names = digits.class_names
    assert captions.of_mistakes(model, one, (8, 8, 1), 5, names, Framing()) is None


def test_mistakes_are_looked_for_where_an_evaluation_looks():
    # White at its edge alone: seen as a whole, it is brighter than its centre.
    image = np.full((16, 16, 1), 0, "uint8")
    image[[0, -1]] = image[:, [0, -1]] = 255
    png = tf.io.encode_png(image).numpy()
    one = split_of_files(
        size=1,
        image_shape=(16, 16, 1),
        records=lambda: tf.data.Dataset.from_tensors((png, 0)),
        encoded=lambda contents, label: (contents, label),
        shuffle_buffer=1,
    )
    inputs = keras.Input((8, 8, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    darker = keras.layers.Rescaling(-1.0, offset=20.0)(mean)
    model = keras.Model(inputs, keras.layers.Concatenate()([darker, mean]))
    arguments = (model, one, (8, 8, 1), 1, ("dark", "bright"))
    assert captions.of_mistakes(*arguments, Framing(0.5)) is None
    whole = captions.of_mistakes(*arguments, Framing(1.0))
    assert whole.captions[0][0] == "dark"


@pytest.mark.parametrize("nested", [False, True])
def test_the_graph_has_the_layers_and_their_inputs(nested):
    model = keras_resnet.create_model("resnet8", nested=nested, weights=None)
    nodes = {node.name: node for node in layer_graph(model).node}
    assert len(nodes) == len(model.operations)
    head = nodes["predictions"]
    assert (head.op, list(head.input)) == ("Dense", ["avg_pool"])
    shape = head.attr["_output_shapes"].list.shape[0]
    assert [side.size for side in shape.dim] == [-1, model.output_shape[-1]]
    for node in nodes.values():
        assert set(node.input) <= nodes.keys()
    if not nested:
        added = nodes["conv3/block1/add"]
        assert added.op == "Add"
        assert len(added.input) == 2


def test_a_model_that_is_a_function_of_python_is_one_node():
    class Plain(keras.Model):
        def call(self, inputs):
            return inputs

    (node,) = layer_graph(Plain(name="plain")).node
    assert (node.name, node.op) == ("plain", "Plain")
    sequential = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert len(layer_graph(sequential).node) == 2


def test_tensorflow_reads_back_what_is_written(tmp_path, rng):
    board = TensorBoard(tmp_path / "board")
    model = keras_resnet.create_model("resnet8", weights=None)
    sheet = draw_sheet(rng.integers(0, 256, (3, 8, 8, 3)), [["a"], ["b"], ["c"]])
    board.graph("train", model)
    board.image("train", 0, "images", sheet)
    board.scalars("train", 3, {"loss": 0.5, "share": None})
    board.close()
    (file,) = (tmp_path / "board" / "train").iterdir()
    events = list(tf.compat.v1.train.summary_iterator(str(file)))
    (written,) = [event.graph_def for event in events if event.graph_def]
    graph = tf.compat.v1.GraphDef.FromString(written)
    assert graph == layer_graph(model)
    values = [(event.step, v) for event in events for v in event.summary.value]
    (step, image), (scalar_step, scalar) = values
    assert (step, image.tag) == (0, "images")
    assert (image.image.height, image.image.width) == (sheet.height, sheet.width)
    decoded = tf.io.decode_png(image.image.encoded_image_string)
    assert decoded.shape[:2] == (sheet.height, sheet.width)
    assert (scalar_step, scalar.tag, scalar.simple_value) == (3, "loss", 0.5)


def test_a_board_that_cannot_be_written_is_an_error_of_the_system(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        TensorBoard(tmp_path / "file").scalars("train", 1, {"loss": 1.0})
