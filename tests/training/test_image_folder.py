import dataclasses
import errno
import io
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_resnet.training import datasets, make_strategy
from keras_resnet.training.datasets import image_scan
from keras_resnet.training.datasets.broken_files import naming_unreadable
from keras_resnet.training.networks import network_of
from keras_resnet.training.recipes import get_recipe
from keras_resnet.training.run_folder import RunFolder
from keras_resnet.training.setup import Setup
from keras_resnet.training.start import start

# A user without rights, on Unix by custom.
NOBODY = 65534
COLOURS = {"blue": (20, 40, 200), "red": (200, 30, 20)}


def encoded(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def plain(colour, mode="RGB", size=(24, 20)):
    return Image.new("RGB", size, colour).convert(mode)


@pytest.fixture
def folder(tmp_path):
    for split, count in (("train", 6), ("test", 3)):
        for name, colour in COLOURS.items():
            place = tmp_path / "images" / split / name
            place.mkdir(parents=True)
            for index in range(count):
                (place / f"{index}.png").write_bytes(encoded(plain(colour), "PNG"))
    return tmp_path / "images"


def load(folder, **arguments):
    return datasets.load(f"image_folder:{folder}", **arguments)


def examples(split):
    return list(split.examples().as_numpy_iterator())


def test_reads_classes_labels_and_pixels(folder):
    dataset = load(folder)
    assert dataset.class_names == ("blue", "red")
    assert dataset.image_shape == (20, 24, 3)
    assert (dataset.train.size, dataset.test.size) == (12, 6)
    for image, label in examples(dataset.test):
        assert image.dtype == np.uint8
        assert label.dtype == np.int32
        assert (image == list(COLOURS.values())[label]).all()


def test_order_is_mixed_and_always_the_same(folder):
    labels = [int(label) for _, label in examples(load(folder).train)]
    assert labels == [int(label) for _, label in examples(load(folder).train)]
    assert labels != sorted(labels)
    assert sorted(labels) == [0] * 6 + [1] * 6


def test_sizes_that_vary_are_none(folder):
    (folder / "test" / "red" / "wide.png").write_bytes(
        encoded(plain((200, 30, 20), size=(50, 20)), "PNG")
    )
    assert load(folder).image_shape == (None, None, 3)


@pytest.mark.parametrize(
    ("file", "contents"),
    [
        ("capital.JPG", encoded(plain((20, 40, 200)), "JPEG")),
        ("longer.JPEG", encoded(plain((20, 40, 200)), "JPEG")),
        ("grey.jpg", encoded(plain((90, 90, 90), "L"), "JPEG")),
        ("four_inks.jpg", encoded(plain((20, 40, 200), "CMYK"), "JPEG")),
        ("palette.png", encoded(plain((20, 40, 200), "P"), "PNG")),
        ("transparent.png", encoded(plain((20, 40, 200), "RGBA"), "PNG")),
        (
            "sixteen_bits.png",
            encoded(Image.fromarray(np.full((20, 24), 90 * 257, "uint16")), "PNG"),
        ),
    ],
)
def test_reads_unusual_images_as_pillow_does(folder, file, contents):
    (folder / "train" / "blue" / file).write_bytes(contents)
    dataset = load(folder, unreadable="error")
    assert dataset.train.size == 13
    picture = Image.open(io.BytesIO(contents))
    if picture.mode.startswith("I;16"):
        expected = np.repeat(np.asarray(picture)[..., None] // 257, 3, axis=2)
    else:
        expected = np.asarray(picture.convert("RGB")).astype(int)
    blue = [image for image, label in examples(dataset.train) if label == 0]
    assert min(np.abs(image - expected).max() for image in blue) <= 2


JPEG = encoded(
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 50, 3), "uint8")),
    "JPEG",
)
DAMAGED = {
    "truncated.jpg": JPEG[: len(JPEG) // 2],
    "end_missing.jpg": JPEG[:-40],
    "empty.jpg": b"",
    "text.jpg": b"not an image at all",
    "bitmap.png": encoded(plain((1, 2, 3)), "BMP"),
    "truncated.png": encoded(Image.effect_noise((40, 40), 90), "PNG")[:-300],
}


@pytest.mark.parametrize("file", DAMAGED)
def test_leaves_out_and_names_what_it_cannot_read(folder, file, capsys):
    (folder / "train" / "red" / file).write_bytes(DAMAGED[file])
    dataset = load(folder)
    assert dataset.train.size == 12
    assert len(examples(dataset.train)) == 12
    assert len(dataset.unreadable) == 1
    assert file in dataset.unreadable[0]
    said = capsys.readouterr().err
    assert "1 image file cannot be read" in said
    assert file in said


def test_counts_all_and_names_ten(folder, capsys):
    for index in range(13):
        (folder / "test" / "red" / f"bad{index:02}.jpg").write_bytes(b"")
    dataset = load(folder)
    said = capsys.readouterr().err
    assert dataset.test.size == 6
    assert said.count("empty file") == 10
    assert "13 image files" in said
    assert "and 3 more" in said


def test_unreadable_is_an_error_when_asked(folder):
    (folder / "train" / "red" / "bad.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"bad\.jpg: empty file\n.*unreadable='error'"):
        load(folder, unreadable="error")


def test_a_repaired_file_counts_again(folder):
    bad = folder / "train" / "red" / "bad.jpg"
    bad.write_bytes(b"")
    assert load(folder).train.size == 12
    bad.write_bytes(encoded(plain((200, 30, 20)), "JPEG"))
    assert load(folder).train.size == 13


def test_a_file_that_could_not_be_opened_is_tried_again(folder, monkeypatch):
    closed = folder / "train" / "red" / "3.png"
    read = Path.read_bytes

    def refuse(path):
        if path == closed:
            raise OSError(errno.EMFILE, "Too many open files")
        return read(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        (said,) = load(folder).unreadable
    assert said == f"{closed}: Too many open files"
    # Neither its size nor its date has changed.
    assert load(folder).unreadable == ()


@pytest.mark.skipif(os.name == "nt", reason="its names are Unicode")
def test_a_name_that_is_not_utf_8_is_told(folder):
    name = os.fsencode(folder / "train" / "red") + b"/caf\xe9.jpg"
    with open(name, "wb") as file:
        file.write(encoded(plain((200, 30, 20)), "JPEG"))
    dataset = load(folder)
    assert dataset.train.size == 12
    (said,) = dataset.unreadable
    assert said.endswith("its name is not UTF-8")


def test_decodes_each_file_only_once(folder, monkeypatch):
    load(folder)
    (folder / "train" / "red" / "new.png").write_bytes(
        encoded(plain((200, 30, 20)), "PNG")
    )
    scanned = []
    scan_file = image_scan.scan_file
    monkeypatch.setattr(
        image_scan, "scan_file", lambda path: scanned.append(path) or scan_file(path)
    )
    assert load(folder).train.size == 13
    assert [path.name for path in scanned] == ["new.png"]


def test_a_damaged_memory_is_rebuilt(folder, capsys):
    load(folder)
    image_scan.cache_path(folder).write_text("{")
    assert load(folder).train.size == 12
    assert "Scanning anew" in capsys.readouterr().err


def test_ignores_hidden_and_other_files(folder):
    for name in (".DS_Store", ".hidden.jpg", "notes.txt"):
        (folder / "train" / "red" / name).write_bytes(b"x")
    (folder / "train" / ".cache").mkdir()
    dataset = load(folder, unreadable="error")
    assert dataset.train.size == 12
    assert dataset.class_names == ("blue", "red")


def test_what_is_passed_over_is_told(folder, capsys):
    for name in ("a.webp", "b.gif", "c.webp", ".hidden.webp"):
        (folder / "train" / "red" / name).write_bytes(b"x")
    (folder / "test" / "blue" / "more").mkdir()
    assert load(folder).train.size == 12
    said = capsys.readouterr().err
    assert "3 files of other kinds (.gif, .webp)" in said
    assert "1 folder within others ('test/blue/more')" in said


@pytest.mark.parametrize("name", ["val", "validation"])
def test_test_images_may_be_called_otherwise(folder, name):
    (folder / "test").rename(folder / name)
    dataset = load(folder)
    assert (dataset.train.size, dataset.test.size) == (12, 6)
    # What is called so beside them is not looked at.
    shutil.copytree(folder / name, folder / "test")
    (folder / "test" / "red" / "0.png").unlink()
    assert load(folder).test.size == 5


def test_a_missing_folder_is_named(folder):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(folder / "nowhere")


def test_an_empty_class_folder_is_named(folder):
    for file in (folder / "test" / "red").iterdir():
        file.unlink()
    with pytest.raises(ValueError, match=r"class folder .*red.* has none"):
        load(folder)


def test_a_class_without_readable_images_is_named(folder):
    for file in (folder / "test" / "red").iterdir():
        file.write_bytes(b"")
    with pytest.raises(ValueError, match=r"class folder .*red.* has none"):
        load(folder)


def test_classes_must_be_those_of_both_splits(folder):
    (folder / "train" / "green").mkdir()
    with pytest.raises(ValueError, match="Only one of them has: 'green'"):
        load(folder)


def test_no_classes_at_all_is_an_error(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "test").mkdir()
    with pytest.raises(ValueError, match="must have one folder a class"):
        load(tmp_path)


def test_the_path_must_be_given():
    with pytest.raises(ValueError, match="image_folder:PATH"):
        datasets.load("image_folder:")


@pytest.mark.skipif(os.name == "nt", reason="folders have no such mode there")
def test_goes_on_where_nothing_can_be_remembered(folder, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    assert load(folder).train.size == 12
    assert "will scan the images again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.unlink(), "No such file"),
        (lambda file: file.write_bytes(file.read_bytes()[:50]), "damaged PNG"),
    ],
)
def test_a_file_that_breaks_after_the_scan_is_named(folder, damage, reason):
    split = load(folder).train
    damage(folder / "train" / "red" / "3.png")
    with (
        pytest.raises(OSError, match=rf"1 image file can no .*\n.*3\.png: {reason}"),
        naming_unreadable(split),
    ):
        examples(split)


@pytest.mark.skipif(os.name == "nt", reason="files have no such mode there")
def test_a_file_that_may_no_longer_be_opened_is_named(folder, monkeypatch):
    # What root may not open, others may not: for them every folder above is open.
    with tempfile.TemporaryDirectory() as outside:
        os.chmod(outside, 0o755)
        images = shutil.copytree(folder, Path(outside) / "images")
        monkeypatch.setenv("KERAS_HOME", outside)
        split = load(images).train
        file = images / "train" / "red" / "3.png"
        file.chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            with (
                pytest.raises(OSError, match=r"1 image file can no .*\n.*3\.png: Perm"),
                naming_unreadable(split),
            ):
                examples(split)
        finally:
            if is_root:
                os.seteuid(0)


def test_a_file_that_became_a_folder_is_named(folder):
    split = load(folder).train
    file = folder / "train" / "red" / "3.png"
    file.unlink()
    file.mkdir()
    with (
        pytest.raises(OSError, match=r"1 image file can no .*\n.*3\.png: Is a direct"),
        naming_unreadable(split),
    ):
        examples(split)


@pytest.mark.parametrize(
    "change", [{"input_mean": "pixel"}, {"quantization_aware": True}]
)
def test_a_file_that_is_missing_before_the_first_step_is_named(
    folder, change, tmp_path
):
    recipe = get_recipe("constant").adapted(1, 4, 16)
    is_aware = change.pop("quantization_aware", False)
    recipe = dataclasses.replace(recipe, **change)
    network = network_of(recipe, "resnet8")
    if is_aware:
        network = dataclasses.replace(network, freeze_after=1)
    dataset = load(folder)
    (folder / "train" / "red" / "3.png").unlink()
    with pytest.raises(OSError, match=r"1 image file can no .*\n.*3\.png: No such"):
        start(
            Setup(
                recipe,
                network,
                dataset,
                RunFolder(tmp_path),
                make_strategy("one_device"),
                0,
                "float32",
            ),
            None,
        )


def test_another_failure_stays_what_it_is(folder):
    with (
        pytest.raises(tf.errors.InvalidArgumentError, match="mine"),
        naming_unreadable(load(folder).train),
    ):
        raise tf.errors.InvalidArgumentError(None, None, "mine")
