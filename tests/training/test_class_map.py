import io
import json

import numpy as np
import pytest
from PIL import Image

from keras_resnet.training import datasets
from keras_resnet.training.datasets.class_map import ClassMap, read_class_map

FOLDERS = ("n01440764", "n01443537", "n01484850")
NAMES = ("tench", "goldfish", "great white shark")


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


FILES = {
    "names.txt": "n01440764 tench\nn01443537 goldfish\n\nn01484850 great white shark\n",
    "numbered.txt": "2 n01484850 great white shark\n0 n01440764 tench\n"
    "1: n01443537 goldfish\n",
    "table.csv": "folder,label,name\nn01443537,1,goldfish\nn01440764,0,tench\n"
    "n01484850,2,great white shark\n",
    "index.json": json.dumps(
        {str(i): pair for i, pair in enumerate(zip(FOLDERS, NAMES, strict=True))}
    ),
    "pairs.json": json.dumps(list(zip(FOLDERS, NAMES, strict=True))),
}


@pytest.mark.parametrize("name", FILES)
def test_reads_every_format(write, name):
    found = read_class_map(write(name, FILES[name]))
    assert found.folders == FOLDERS
    assert found.names == NAMES
    assert not found.has_background


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.json", '{"n01440764": 0, "n01484850": 2, "n01443537": 1}'),
        ("text.json", '{"n01440764": "0", "n01484850": "2", "n01443537": "1"}'),
        ("list.json", json.dumps(FOLDERS)),
        ("order.csv", "folder\nn01440764\nn01443537\nn01484850\n"),
        ("bare.txt", "\n".join(FOLDERS)),
    ],
)
def test_classes_without_a_name_are_called_as_their_folder(write, name, text):
    found = read_class_map(write(name, text))
    assert found.folders == found.names == FOLDERS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("first.txt", "background\n" + FILES["names.txt"]),
        ("dummy.txt", "dummy\nn01440764 tench\nn01443537 goldfish\nn01484850\n"),
        ("from_one.csv", "folder,label\nn01440764,1\nn01443537,2\nn01484850,3\n"),
        ("zero.txt", "0 background\n1 n01440764\n2 n01443537\n3 n01484850"),
    ],
)
def test_a_background_moves_the_labels_by_one(write, name, text):
    found = read_class_map(write(name, text))
    assert found.folders == ("", *FOLDERS)
    assert found.names[0] == "background"
    assert found.label_of("n01443537") == 2
    without = found.for_classes(3)
    assert without.folders == FOLDERS
    assert without.label_of("n01443537") == 1
    assert without.for_classes(4).folders == ("", *FOLDERS)
    assert found.for_classes(4) is found
    with pytest.raises(ValueError, match="has 4 classes. Received: classes=7"):
        found.for_classes(7)


def test_folders_may_be_names(write):
    found = read_class_map(write("names.txt", "background\ntench\ngreat white shark\n"))
    assert found.label_of("great white shark") == 2


def test_members_of_an_object_are_no_pairs_of_a_list(write):
    found = read_class_map(write("labels.json", '{"tench": "1", "hen": "0"}'))
    assert found.folders == found.names == ("hen", "tench")
    found = read_class_map(write("pairs.json", '[["1", "one"], ["0", "zero"]]'))
    assert (found.folders, found.names) == (("1", "0"), ("one", "zero"))


def test_only_an_identifier_may_be_followed_by_a_name():
    found = ClassMap(("", "red", "n01440764"), ("background", "red", "tench"), "map")
    assert found.label_of("n01440764_tench") == found.label_of("n01440764") == 2
    assert found.label_of("red") == 1
    for other in ("red_fox", "n01440764tench", "_red", ""):
        with pytest.raises(ValueError, match=f"no line for '{other}'"):
            found.label_of(other)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "tench\nhen\n\ntench\n", r"Line 4 of .* folder 'tench', as line 1"),
        ("a.txt", "0 tench\n1 hen\n0 owl", r"Line 3 of .* the label 0, as line 1 has"),
        ("a.txt", "0 tench\n5 hen", r"Line 2 of .* the label 5, and no line has 1"),
        ("a.csv", "folder,label\na,0\nb,x", r"Line 3 of .* number.* Received: 'x'"),
        ("a.csv", "folder,label\na,0\nb", r"Line 3 of .* must have 2 values"),
        ("a.csv", "name,place\na,0", r"Line 1 of .* headings .* Received: name,place"),
        ("a.json", '{"a": 0,\n "b": 1,\n "a": 2}', r"Line 3 of .*'a', as line 1 has"),
        ("a.json", '{"a": 0,\n "b": -1}', r"Line 2 of .* Received: -1"),
        ("a.json", '{"tench": "hen"}', r"labels and folders.*Received: ..tench., .hen"),
        ("a.json", "[1]", r"must be a list of folders.* Received: 1"),
        ("a.json", "[", r"'.*a\.json' is not JSON"),
        ("a.txt", "", r"'.*a\.txt' has no class"),
    ],
)
def test_says_what_is_wrong_and_in_which_line(write, name, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read_class_map(write(name, text))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        read_class_map(tmp_path / "nowhere.txt")


@pytest.fixture
def images(tmp_path):
    def made(*names):
        root = tmp_path / "images"
        for index, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            file = io.BytesIO()
            Image.new("RGB", (8, 8), (index, 0, 0)).save(file, "PNG")
            path.write_bytes(file.getvalue())
        return root

    return made


def labels_by_red(split):
    return {int(image[0, 0, 0]): int(label) for image, label in split.examples()}


CLASS_MAP = ClassMap(FOLDERS, NAMES, "classes.txt")


def test_labels_are_those_of_the_map(images):
    root = images(
        "train/n01484850/a.png",
        "train/n01440764_tench/b.png",
        "train/n01443537_goldfish.png",
        "test/n01484850/c.png",
    )
    dataset = datasets.load(f"image_folder:{root}", class_map=CLASS_MAP)
    assert dataset.class_names == NAMES
    assert labels_by_red(dataset.train) == {0: 2, 1: 0, 2: 1}
    assert labels_by_red(dataset.test) == {3: 2}
    other = ClassMap(FOLDERS[::-1], NAMES[::-1], "other.txt")
    again = datasets.load(f"image_folder:{root}", class_map=other)
    assert labels_by_red(again.train) == {0: 0, 1: 2, 2: 1}
    assert again.content != dataset.content


def test_photographs_in_one_folder_are_test_images(images, write):
    root = images("n01443537_goldfish.png", "n01440764_tench.png")
    path = write("classes.txt", "background\n" + FILES["names.txt"])
    dataset = datasets.load(f"image_folder:{root}", class_map=path)
    assert dataset.classes == 4
    assert (dataset.train.size, dataset.test.size) == (0, 2)
    assert labels_by_red(dataset.test) == {0: 2, 1: 1}


def test_a_folder_that_the_map_does_not_know_is_named(images):
    root = images("train/n99999999/a.png", "test/n01440764/b.png")
    with pytest.raises(
        ValueError, match=r"'classes\.txt' has no line for 'n99999999'\."
    ):
        datasets.load(f"image_folder:{root}", class_map=CLASS_MAP)


def test_a_map_is_for_folders():
    with pytest.raises(ValueError, match=r"Received: class_map='classes\.txt', name="):
        datasets.load("digits", class_map="classes.txt")


def test_noise_is_the_same_each_time_and_uses_all_levels():
    dataset = datasets.load("synthetic:40x9x7x3/6")
    assert dataset.image_shape == (9, 7, 3)
    assert (dataset.train.size, dataset.test.size, dataset.classes) == (40, 4, 6)
    found, again = (
        [np.stack(part) for part in zip(*dataset.train.examples(), strict=True)]
        for _ in range(2)
    )
    assert found[0].dtype == np.uint8
    assert found[1].tolist() == [i % 6 for i in range(40)]
    np.testing.assert_array_equal(found[0], again[0])
    assert len({image.tobytes() for image in found[0]}) == 40
    assert np.bincount(found[0].ravel(), minlength=256).min() > 0


@pytest.mark.parametrize("name", ["synthetic:10", "synthetic:0x8x8x3/2", "synthetic:"])
def test_refuses_noise_of_no_size(name):
    with pytest.raises(ValueError, match="Received: name='synthetic:"):
        datasets.load(name)
