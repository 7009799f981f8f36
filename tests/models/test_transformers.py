"""Whole ImageNet networks against the PyTorch ones of transformers."""

import numpy as np
import pytest

import keras_resnet

REASON = "the extra `peers` is not installed"
torch = pytest.importorskip("torch", reason=REASON)
transformers = pytest.importorskip("transformers", reason=REASON)

BASIC = {"layer_type": "basic", "width": 1}
BOTTLENECK = {"layer_type": "bottleneck", "width": 4}
# A quarter as wide: what is checked of the deep ones is their depth.
DEEP = {**BOTTLENECK, "share": 4}
NETWORKS = {
    "resnet18": {**BASIC, "depths": [2, 2, 2, 2]},
    "resnet34": {**BASIC, "depths": [3, 4, 6, 3]},
    "resnet26v1_5": {**BOTTLENECK, "depths": [2, 2, 2, 2]},
    "resnet50v1_5": {**BOTTLENECK, "depths": [3, 4, 6, 3]},
    "resnet101v1_5": {**BOTTLENECK, "depths": [3, 4, 23, 3]},
    "resnet152v1_5": {**DEEP, "depths": [3, 8, 36, 3]},
    "resnet200v1_5": {**DEEP, "depths": [3, 24, 36, 3]},
    # Version 1, but for the biases and the epsilon that Keras has there.
    "resnet26": {**BOTTLENECK, "depths": [2, 2, 2, 2], "version_1": True},
    "resnet50": {**BOTTLENECK, "depths": [3, 4, 6, 3], "version_1": True},
    "resnet200": {**DEEP, "depths": [3, 24, 36, 3], "version_1": True},
}
CONVOLUTIONS = {"basic": "12", "bottleneck": "123"}


def torch_network(layer_type, depths, width, share=1, version_1=False):
    configuration = transformers.ResNetConfig(
        embedding_size=64,
        hidden_sizes=[width * 64 // share * 2**stage for stage in range(4)],
        depths=depths,
        layer_type=layer_type,
        num_labels=1000,
        downsample_in_bottleneck=version_1,
    )
    torch.manual_seed(0)
    network = transformers.ResNetForImageClassification(configuration).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network


def named_arrays(network, layer_type, depths):
    """The network's weights under our names."""
    state = {name: value.numpy() for name, value in network.state_dict().items()}

    def convolution(source, target):
        kernel = state[f"{source}.convolution.weight"].transpose(2, 3, 1, 0)
        norm = f"{source}.normalization"
        return {
            f"{target}_conv/kernel": kernel,
            f"{target}_bn/gamma": state[f"{norm}.weight"],
            f"{target}_bn/beta": state[f"{norm}.bias"],
            f"{target}_bn/moving_mean": state[f"{norm}.running_mean"],
            f"{target}_bn/moving_variance": state[f"{norm}.running_var"],
        }

    arrays = convolution("resnet.embedder.embedder", "conv1")
    for stage, depth in enumerate(depths):
        for block in range(depth):
            source = f"resnet.encoder.stages.{stage}.layers.{block}"
            target = f"conv{stage + 2}_block{block + 1}"
            for index, digit in enumerate(CONVOLUTIONS[layer_type]):
                arrays |= convolution(f"{source}.layer.{index}", f"{target}_{digit}")
            if f"{source}.shortcut.convolution.weight" in state:
                arrays |= convolution(f"{source}.shortcut", f"{target}_0")
    arrays["predictions/kernel"] = state["classifier.1.weight"].T
    arrays["predictions/bias"] = state["classifier.1.bias"]
    return arrays


def test_networks_are_those_that_the_list_of_models_says():
    checked = {
        name
        for name in keras_resnet.list_models()
        if "transformers" in keras_resnet.models.specification(name).checked_against
    }
    # ResNet-50, version 1, is checked against keras.applications besides.
    assert {*NETWORKS} == checked | {"resnet50"}


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_outputs(rng, name):
    settings = NETWORKS[name]
    network = torch_network(**settings)
    model = keras_resnet.create_model(
        name,
        input_shape=(96, 80, 3),
        classifier_activation=None,
        use_bias=False,
        epsilon=1e-5,
        widths=[64 // settings.get("share", 1) * 2**stage for stage in range(4)],
    )
    arrays = named_arrays(network, settings["layer_type"], settings["depths"])
    variables = keras_resnet.weights.named_variables(model)
    assert set(arrays) == set(variables)
    for key, variable in variables.items():
        variable.assign(arrays[key])
    x = rng.normal(size=(2, 96, 80, 3)).astype("float32")
    with torch.no_grad():
        expected = network(torch.tensor(x.transpose(0, 3, 1, 2))).logits.numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(model(x) / scale, expected / scale, atol=1e-5)
