import os
import subprocess

import numpy as np
import pytest

from keras_resnet.benchmarks import litert_worker
from keras_resnet.benchmarks.host import jobs
from keras_resnet.benchmarks.host.keras_worker import KerasRunner
from keras_resnet.benchmarks.host.measuring import measure_jobs
from keras_resnet.benchmarks.host.processes import ask
from keras_resnet.benchmarks.host.settings import Settings

pytest.importorskip("ai_edge_litert")
QUICK = Settings(rounds=1, runs=3, seconds=0, warmup_runs=1)


def test_runtimes_and_kernels(tflite_files):
    chosen = jobs.jobs_of(
        tflite_files[1:],
        [1],
        [jobs.INTERPRETER, jobs.COMPILED_MODEL],
        [True, False],
    )
    records = measure_jobs(chosen, QUICK)
    found = [(r.runtime, r.delegate_requested, r.delegate_used) for r in records]
    assert found[:2] == [
        ("LiteRT Interpreter", "XNNPACK", "XNNPACK"),
        ("LiteRT Interpreter", "none", "none"),
    ]
    assert found[3] == ("LiteRT CompiledModel", "none", "none")
    assert [record.delegate_share for record in records[1::2]] == [0, 0]
    # CompiledModel says whether all operators were taken over, not how many.
    assert records[2].delegate_share in (None, 1)
    assert all(record.latency.p50_ms > 0 for record in records)


@pytest.mark.slow
def test_tensorflow_and_keras_on_the_same_model(tmp_path):
    import keras_resnet

    model = keras_resnet.ResNet8(weights=None, input_shape=(16, 16, 3))
    path = tmp_path / "model.keras"
    model.save(path)
    records = measure_jobs(jobs.jobs_of([path], [1]), QUICK)
    assert [record.runtime for record in records] == ["TensorFlow", "Keras"]
    for record in records:
        assert record.latency.p50_ms > 0
        assert record.model.name == "model.keras"
        assert record.delegate_requested is None
    assert " on tensorflow " in records[1].runtime_version


@pytest.mark.slow
def test_tensorflow_is_measured_whatever_keras_runs_on(tmp_path, monkeypatch):
    import keras_resnet

    pytest.importorskip("jax")
    model = keras_resnet.ResNet8(weights=None, input_shape=(16, 16, 3))
    path = tmp_path / "model.keras"
    model.save(path)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    (record,) = measure_jobs([jobs.Job(str(path), jobs.TENSORFLOW, 1)], QUICK)
    assert record.runtime == "TensorFlow"
    assert record.latency.p50_ms > 0


@pytest.mark.parametrize(
    ("runtime", "backend"), [(jobs.TENSORFLOW, "tensorflow"), (jobs.KERAS, "jax")]
)
def test_keras_is_told_its_backend_before_it_is_imported(monkeypatch, runtime, backend):
    environments = []

    def start(command, env=None, **options):
        environments.append(os.environ if env is None else env)
        return subprocess.CompletedProcess(command, 0, '{"times": [1]}', "")

    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(subprocess, "run", start)
    assert ask(jobs.Job("model.keras", runtime, 1), QUICK) == {"times": [1]}
    assert [each["KERAS_BACKEND"] for each in environments] == [backend]


def test_tracing_is_a_part_of_tensorflows_initialisation(tmp_path):
    import keras

    calls = []

    @keras.saving.register_keras_serializable("test_tracing")
    class Counting(keras.layers.Layer):
        def call(self, inputs):
            calls.append(inputs.shape)
            return 2 * inputs

    image = keras.Input((4,))
    path = tmp_path / "model.keras"
    keras.Model(image, Counting()(image)).save(path)
    runner = KerasRunner(str(path), jobs.TENSORFLOW)
    traced = len(calls)
    assert calls[-1] == (1, 4)
    runner.fill(np.random.default_rng(0))
    assert runner.run().shape == (1, 4)
    assert len(calls) == traced


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ([(4,), (4,)], "Expected a Keras model of one input, not 2"),
        ([(None, 4)], "sizes are fixed"),
        (None, "Cannot load a Keras model"),
    ],
)
def test_keras_models_that_are_refused(tmp_path, shapes, sentence):
    import keras

    path = tmp_path / "model.keras"
    if shapes is None:
        path.write_bytes(b"PK nothing")
    else:
        inputs = [keras.Input(shape) for shape in shapes]
        outputs = [keras.layers.Dense(2)(x) for x in inputs]
        keras.Model(inputs, outputs).save(path)
    with pytest.raises(ValueError, match=sentence):
        measure_jobs(jobs.jobs_of([path], [1], [jobs.KERAS]), QUICK)


def test_operators_between_a_delegates_ends_are_counted():
    def node(index, name, inputs, outputs):
        return {"index": index, "op_name": name, "inputs": inputs, "outputs": outputs}

    graph = [
        node(0, "QUANTIZE", [0], [1]),
        node(1, "CONV_2D", [1, 20, -1], [2]),
        node(2, "CUSTOM", [2], [3]),
        node(3, "ADD", [3, 1], [4]),
        node(4, "SOFTMAX", [4], [5]),
    ]
    assert litert_worker.count_delegated(graph) == (0, 5)
    delegates = [
        node(5, "DELEGATE", [1, 20], [2]),
        node(6, "DELEGATE", [3, 1], [5]),
    ]
    assert litert_worker.count_delegated(graph + delegates) == (3, 5)
