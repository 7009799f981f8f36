import pytest

from keras_resnet.benchmarks import accelerator
from keras_resnet.benchmarks.accelerator_peaks import PEAKS, peak_of
from keras_resnet.models import description


def test_devices_are_known_by_their_names():
    assert peak_of("NVIDIA H200").teraflops == 989
    assert peak_of("NVIDIA H100 PCIe").teraflops == 756
    assert peak_of("NVIDIA H100 80GB HBM3").teraflops == 989
    assert peak_of("NVIDIA L40S").part == "l40s"
    assert peak_of("NVIDIA L4").part == "l4"
    for other in ("cpu", "NVIDIA A10G", "NVIDIA L40", "NVIDIA RTX A1000"):
        assert peak_of(other) is None


def test_every_row_can_be_found():
    for row in PEAKS:
        assert peak_of(f"NVIDIA {row.part.upper()} 24GB") is row


def test_images_a_second_and_the_share_of_the_peak():
    answers = [
        {"seconds": seconds, "device": "NVIDIA H200"} for seconds in (2.0, 1.0, 4.0)
    ]
    result = accelerator.throughput_of("jax", answers, 200, 224, 10)
    assert result.rounds == (1000, 2000, 500)
    assert result.images_per_second == 1000
    # 1,000 images of three passes of 4.089e9 multiply-adds, against 989e12.
    assert result.share_of_peak == pytest.approx(0.0248, abs=1e-4)
    half = accelerator.throughput_of("jax", answers, 200, 112, 10)
    assert half.share_of_peak == pytest.approx(result.share_of_peak / 4)


def test_a_gpu_and_a_processor_have_no_ratio(call_main, monkeypatch, capsys):
    devices = {"jax": "cpu", "pytorch": "NVIDIA H200"}

    def measure(library, batch_size, side, steps):
        return {"seconds": 2.0 if library == "jax" else 1.0, "device": devices[library]}

    monkeypatch.setattr(accelerator, "libraries", lambda: ["jax", "pytorch"])
    monkeypatch.setattr(accelerator, "measure_once", measure)
    assert call_main(accelerator, accelerator.benchmark) == 0
    said = capsys.readouterr().out
    assert "No ratio: keras_resnet, JAX ran on cpu, transformers" in said
    assert "Ratio " not in said
    lines = said.splitlines()
    assert any("channels last" in line and "NVIDIA H200" in line for line in lines)
    devices["jax"] = "NVIDIA H200"
    assert call_main(accelerator, accelerator.benchmark) == 0
    assert "Ratio 0.50." in capsys.readouterr().out


def test_the_work_is_that_of_the_network():
    import keras_resnet

    network = keras_resnet.create_model("resnet50v1_5", weights=None)
    described = description.describe(network)
    assert described.macs == pytest.approx(accelerator.MACS_AT_224, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--steps=0"], "Received: --steps=0"), (["surplus"], "Received: surplus")],
)
def test_bad_flags(call_main, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        call_main(accelerator, accelerator.benchmark, *arguments)


@pytest.mark.slow
def test_both_libraries_train_on_this_machine(call_main, capsys):
    pytest.importorskip("jax")
    arguments = ["--batch_size=2", "--side=32", "--steps=1", "--rounds=1"]
    assert call_main(accelerator, accelerator.benchmark, *arguments) == 0
    said = capsys.readouterr().out
    assert "keras_resnet, JAX" in said
    assert "not known" in said
