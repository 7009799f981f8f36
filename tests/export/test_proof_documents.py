import dataclasses
import hashlib
import html.parser
import json
import re
import types

import numpy as np
import pytest

from keras_resnet import confidence, versions
from keras_resnet.export import find_origin, prove, write_proof
from keras_resnet.export.calibration import CalibrationSet
from keras_resnet.export.interpreter import TensorDescription
from keras_resnet.export.noted import choose_framing, choose_labels, find_training
from keras_resnet.export.proof.document import document, document_text
from keras_resnet.export.proof.page import page
from keras_resnet.export.proof.preprocessing import preprocessing
from keras_resnet.export.proof.text import proof_text
from keras_resnet.training.datasets.evaluation import Framing

pytest.importorskip("ai_edge_litert")

CALIBRATION = CalibrationSet(np.zeros((3, 16, 16, 1)), (5, 8, 13), 7)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    path.write_bytes(b"a model")
    dataset = types.SimpleNamespace(name="digits", content="sha256:d")
    return find_origin(path, dataset, CALIBRATION, Framing(0.875))


def test_a_document_holds_what_was_measured(proven, origin):
    proof, file = proven.proofs[0], proven.files[0]
    said = json.loads(document_text(proof, origin))
    content = file.path.read_bytes()
    assert said["schema_version"] == 1
    assert said["path"] == "int8.tflite"
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert said["size_bytes"] == len(content)
    assert said["input"] == {
        "name": "image",
        "dtype": "uint8",
        "shape": [1, 16, 16, 1],
        "scale": 1.0,
        "zero_point": 0,
    }
    assert said["output"]["scale"] == 1 / 256
    assert said["labels"] == [f"digit <{number}>" for number in range(10)]
    assert {"name": "CONV_2D", "type": "INT8", "count": 6} in said["operators"]
    assert said["not_integer"] == []
    found = said["verification"]
    assert found["count"] == 100
    correct = round(found["accuracy"] * 100)
    assert found["interval"] == list(confidence.wilson_interval(correct, 100))
    assert found["interval"][0] < found["accuracy"] < found["interval"][1]
    assert found["keras_interval"][0] < found["keras_accuracy"]
    assert said["kernels"]["images"] == 32
    assert said["kernels"]["operators"]["largest_steps"] <= 1
    assert len(said["signal_to_noise"]["worst"]) == 10
    assert len(said["signal_to_noise"]["layers"]) == len(proof.signals)
    assert said["model"]["sha256"] == hashlib.sha256(b"a model").hexdigest()
    assert said["dataset"] == {"name": "digits", "content": "sha256:d"}
    assert said["calibration"] == {
        "split": "train",
        "method": "min_max",
        "seed": 7,
        "indices": [5, 8, 13],
    }
    assert said["software"]["keras_resnet"] == versions.__version__
    assert said["preprocessing"]["crop_share"] == 0.875
    assert (
        said["preprocessing"]["steps"][-1] == "Feed the pixels as bytes, as they are."
    )


def test_a_float_file_was_not_calibrated(proven, origin):
    said = document(proven.proofs[1], origin)
    assert said["calibration"] is None
    assert said["not_integer"] is None
    assert said["signal_to_noise"] is None


def test_without_images_nothing_is_made_up(proven, origin):
    (proof,) = prove(proven.files[:1])
    unknown = dataclasses.replace(origin, dataset=None, framing=None)
    said = document(proof, unknown)
    for key in ("verification", "kernels", "signal_to_noise", "dataset"):
        assert said[key] is None
    assert said["preprocessing"]["crop_share"] is None
    assert "Not verified" in page(proof, unknown)
    assert "accuracy" not in proof_text(proof)


class Outline(html.parser.HTMLParser):
    """Collects attributes and text, and sees that tags are balanced."""

    def __init__(self, content):
        super().__init__()
        self.open, self.attributes, self.text = [], [], ""
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_startendtag(self, tag, attributes):
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def test_the_page_shows_it_and_loads_nothing(proven, origin):
    proof = proven.proofs[0]
    content = page(proof, origin)
    outline = Outline(content)
    for part in (
        "int8.tflite",
        "digit <3>",
        f"{proof.verification.accuracy:.2%}",
        proof.sha256,
        "Every operator computes in integers.",
        "scale 0.00390625",
        "Feed the pixels as bytes",
        "Each operator alone",
    ):
        assert part in outline.text
    bars = [value for tag, name, value in outline.attributes if tag == "rect"]
    assert bars
    assert not [a for a in outline.attributes if a[1] in ("src", "href")]
    assert not re.search(r"url\(|@import|<script|<link|http", content)
    for other in proven.proofs[1:]:
        Outline(page(other, origin))


def test_the_terminal_shows_the_worst_ten(proven):
    said = proof_text(proven.proofs[0])
    table = said.partition("worst layers:")[2].splitlines()
    assert len([line for line in table if re.search(r"\d+\.\d$", line)]) == 10
    assert "95 % confidence" in said
    assert "labels: 10 classes" in said
    assert max(map(len, table)) < 100


def test_documents_stand_beside_the_file(proven, origin):
    paths = write_proof(proven.proofs[0], origin)
    folder = proven.files[0].path.parent
    assert paths == (folder / "int8.export.json", folder / "int8.export.html")
    assert json.loads(paths[0].read_text("utf-8"))["quantization"] == "int8"


@pytest.mark.parametrize(
    ("image", "last"),
    [
        (("float32", None, None), "as float32 numbers, not normalized"),
        (("int8", 1.0, -128), "less 128 as a signed byte"),
        (("int16", 0.0078, 0), "Feed pixel / 0.0078 + 0, rounded, as int16"),
    ],
)
def test_an_app_is_told_what_to_feed(image, last):
    dtype, scale, zero_point = image
    tensor = TensorDescription("image", dtype, (1, 224, 200, 3), scale, zero_point)
    said = preprocessing(tensor, Framing(0.875))
    assert (said.resized_height, said.resized_width) == (256, 228)
    assert last in said.steps[-1]
    assert "red, green, blue" in said.steps[-2]
    assert len(preprocessing(tensor).steps) == 3


def test_names_and_framing_come_from_the_training(tmp_path):
    known = {
        "model": {"name": "resnet8", "options": {}},
        "dataset": {"name": "pets"},
        "class_names": ["cat", "dog"],
        "recipe": {"evaluation_side": None, "image_side": 32, "evaluation_crop": 0.9},
        "image_shape": [32, 32, 3],
    }
    (tmp_path / "run.json").write_text(json.dumps(known), "utf-8")
    trained = find_training(tmp_path / "model.keras")
    assert choose_labels(None, 2, trained, None) == ("cat", "dog")
    assert choose_labels(None, 3, trained, None) is None
    assert choose_framing(trained, None) == Framing(0.9)
    dataset = types.SimpleNamespace(class_names=("a", "b", "c"))
    assert choose_labels(None, 3, trained, dataset) == ("a", "b", "c")
    assert choose_framing(None, dataset) == Framing()
    assert choose_framing(None, None) is None
    names = tmp_path / "labels.txt"
    names.write_text("x\ny\n", "utf-8")
    assert choose_labels(str(names), 2, trained, None) == ("x", "y")


def test_a_foreign_run_json_is_passed_over(tmp_path, capsys):
    (tmp_path / "run.json").write_text('{"other": 1}', "utf-8")
    assert find_training(tmp_path / "model.keras") is None
    assert "Passed over: " in capsys.readouterr().err


def test_the_commit_is_what_pip_noted_down(monkeypatch):
    origins = ['{"vcs_info": {"commit_id": "abc"}}', '{"dir_info": {}}', None]
    texts = iter(origins)
    distribution = types.SimpleNamespace(read_text=lambda name: next(texts))
    monkeypatch.setattr(
        versions.importlib.metadata, "distribution", lambda name: distribution
    )
    assert [versions.source_commit() for _ in origins] == ["abc", None, None]
