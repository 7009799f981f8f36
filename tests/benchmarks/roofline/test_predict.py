import dataclasses

import pytest

from keras_resnet.benchmarks.devices import Device, Figure, Peak, get
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file
from keras_resnet.benchmarks.roofline.predict import predict
from keras_resnet.benchmarks.roofline.work import FileWork, OperatorWork, file_work
from keras_resnet.export.flatbuffer import read_file, read_path

pytest.importorskip("ai_edge_litert")

SIDE, CHANNELS, FILTERS = 8, 32, 64
MACS = SIDE**2 * CHANNELS * FILTERS


def device(peak=1e9, bandwidth=1e9, chip=10**9, keeps=True, link=None):
    return Device(
        name="test",
        title="Test device",
        kind="board",
        peaks=(Peak(1, {"int8": Figure(peak, "x")}),),
        on_chip_bytes=None if chip is None else Figure(chip, "x"),
        memory_bandwidth=None if bandwidth is None else Figure(bandwidth, "x"),
        keeps_weights=keeps,
        link=None if link is None else Figure(link, "x"),
    )


@pytest.fixture(scope="module")
def work():
    return file_work(read_file(gemm_file(SIDE, CHANNELS, FILTERS, "int8")))


def test_what_a_file_asks_for(work):
    (row,) = work.operators
    assert row.operator == "CONV_2D"
    assert row.operations == 2 * MACS
    assert row.precision == "int8"
    assert row.weight_bytes == work.weight_bytes == FILTERS * (CHANNELS + 4)
    assert row.input_bytes == work.input_bytes == SIDE**2 * CHANNELS
    assert row.output_bytes == work.output_bytes == SIDE**2 * FILTERS
    assert work.largest_activation_bytes == row.input_bytes + row.output_bytes


def test_floats_are_larger():
    (row,) = file_work(
        read_file(gemm_file(SIDE, CHANNELS, FILTERS, "float32"))
    ).operators
    assert row.precision == "float32"
    assert row.input_bytes == 4 * SIDE**2 * CHANNELS


def test_weights_that_are_unpacked_once_count_as_they_are_stored(float16_file):
    # What LiteRT does when it opens a file is in no inference.
    whole, half = (file_work(read_path(path)) for path in float16_file(4, 8, 16))
    (expected,), (row,) = whole.operators, half.operators
    kernel, bias = 8 * 16, 16
    assert expected.weight_bytes == 4 * (kernel + bias)
    assert row.weight_bytes == half.weight_bytes == 2 * kernel + 4 * bias
    assert dataclasses.replace(row, weight_bytes=0) == dataclasses.replace(
        expected, weight_bytes=0
    )


def test_compute_bound(work):
    limit = predict(work, device(peak=1e9))
    assert limit.ms == pytest.approx(2 * MACS / 1e9 * 1e3)
    assert limit.bound == "compute"


def test_weights_that_stay_on_the_chip_cost_nothing(work):
    slow = device(peak=1e15, bandwidth=1.0)
    assert predict(work, slow).bound_ms("memory") == 0
    unknown = dataclasses.replace(slow, on_chip_bytes=None)
    assert predict(work, unknown).bound_ms("memory") == 0


def test_memory_bound(work):
    limit = predict(work, device(peak=1e15, bandwidth=1e6, chip=1))
    size = work.weight_bytes + work.input_bytes + work.output_bytes
    assert limit.ms == pytest.approx(size / 1e6 * 1e3)
    assert limit.bound == "memory"


def test_weights_that_are_read_every_time(work):
    limit = predict(work, device(peak=1e15, bandwidth=1e6, keeps=False))
    assert limit.ms == pytest.approx(work.weight_bytes / 1e6 * 1e3)


def test_only_what_does_not_fit_is_sent_again(work):
    room = work.weight_bytes * 0.75
    chip = work.largest_activation_bytes + room
    limit = predict(work, device(1e15, None, chip, link=1e6))
    (layer,) = limit.layers[1:-1]
    assert layer.times["link"] == pytest.approx(
        (work.weight_bytes - room) / 1e6 * 1e3, rel=1e-6
    )
    assert [row.operator for row in limit.layers] == ["input", "CONV_2D", "output"]
    assert limit.layers[0].ms == pytest.approx(work.input_bytes / 1e6 * 1e3)
    assert limit.layers[-1].ms == pytest.approx(work.output_bytes / 1e6 * 1e3)
    assert limit.bound == "link"


def test_a_precision_that_a_device_has_not():
    work = file_work(read_file(gemm_file(4, 8, 8, "float32")))
    with pytest.raises(ValueError, match="Coral USB Accelerator has no figure for"):
        predict(work, get("coral-usb"))


def test_the_whole_is_the_sum_of_its_layers():
    rows = tuple(
        OperatorWork(str(n), "CONV_2D", n * 10**6, "int8", n * 1000, 100, 100)
        for n in range(1, 5)
    )
    limit = predict(FileWork(rows, 100, 100), device(peak=1e9, bandwidth=1e5, chip=1))
    assert limit.ms == pytest.approx(sum(layer.ms for layer in limit.layers))
    bounds = ("compute", "memory", "link")
    assert limit.ms == pytest.approx(sum(map(limit.bound_ms, bounds)))


def edited(change):
    """Return a file after a change to its objects."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(gemm_file(4, 8, 8, "int8"), 0)
    change(model, schema)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return read_file(bytes(builder.Output()))


def test_hidden_operators_are_refused():
    def compiled(model, schema):
        code = model.operatorCodes[0]
        code.builtinCode = schema.BuiltinOperator.CUSTOM
        code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = b"edgetpu-custom-op"

    with pytest.raises(ValueError, match="from before edgetpu_compiler"):
        file_work(edited(compiled))


def test_open_sizes_are_refused_but_for_the_batch():
    def opened(axis):
        def change(model, schema):
            tensor = model.subgraphs[0].tensors[0]
            tensor.shapeSignature = list(tensor.shape)
            tensor.shapeSignature[axis] = -1

        return edited(change)

    assert file_work(opened(0)).operators[0].operations == 2 * 4 * 4 * 8 * 8
    with pytest.raises(ValueError, match="open until run time"):
        file_work(opened(1), "'x'")


def test_several_graphs_are_refused():
    def doubled(model, schema):
        model.subgraphs.append(model.subgraphs[0])

    with pytest.raises(ValueError, match="A file of one graph is needed"):
        file_work(edited(doubled))
