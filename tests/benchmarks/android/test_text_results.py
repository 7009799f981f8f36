import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_resnet.benchmarks.android.errors import ToolOutputError
from keras_resnet.benchmarks.android.text_results import parse_delegate, parse_text


def test_the_tensorflow_lite_tool(recorded):
    result = parse_text(recorded["classic"])
    assert result.mean_ms == pytest.approx(33.2094)
    assert (result.minimum_ms, result.maximum_ms) == pytest.approx((32.641, 34.005))
    assert result.deviation_ms == pytest.approx(0.45)
    assert (result.runs, result.warmup_runs) == (50, 15)
    assert result.initialisation_ms == pytest.approx(0.855)
    assert result.first_inference_ms == pytest.approx(49.06)
    assert result.model_memory_bytes == round(12.8672 * 2**20)
    assert result.peak_memory_bytes == round(20.5 * 2**20)
    assert (result.delegate, result.delegate_share) == ("XNNPACK", 0.75)
    # This version of the tool prints no percentiles.
    assert result.p50_ms is None
    assert result.p95_ms is None


def test_a_newer_tool_tells_percentiles(recorded):
    text = recorded["classic"].replace(
        "count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450",
        "count=156 curr=33208 min=32641 max=34005 avg=33209.4 std=38 p5=32800 "
        "median=33197 p95=33900",
    )
    result = parse_text(text)
    assert (result.p50_ms, result.p95_ms) == pytest.approx((33.197, 33.9))
    assert result.runs == 156


def test_the_systems_log_is_read_too(recorded):
    lines = recorded["classic"].splitlines()
    log = "\n".join(f"05-31 10:31:13.006 2176 2176 I tflite  : {x}" for x in lines)
    assert parse_text(log) == parse_text(recorded["classic"])


def test_equal_times_have_no_range(recorded):
    text = recorded["classic"].replace(
        "count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450",
        "count=50 curr=33209 (all same)",
    )
    result = parse_text(text)
    assert result.runs == 50
    assert result.minimum_ms is None


def test_the_litert_tool(recorded):
    result = parse_text(recorded["litert"])
    assert result.mean_ms == 2.21
    assert (result.runs, result.warmup_runs) == (453, 200)
    assert (result.minimum_ms, result.maximum_ms) == (2.02, 3.33)
    assert result.deviation_ms == 0.12
    assert result.initialisation_ms == 12.34
    assert result.first_inference_ms == 5.6
    assert result.model_memory_bytes == round(9.5 * 2**20)
    assert result.peak_memory_bytes is None
    assert (result.delegate, result.delegate_share) == ("Dispatch", 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Explicitly applied GPU delegate, and the model graph will be completely "
            "executed by the delegate.",
            ("GPU", 1.0),
        ),
        (
            "Explicitly applied GPU delegate, and the model graph will be partially "
            "executed by the delegate w/ 3 delegate kernels.",
            ("GPU", None),
        ),
        (
            "Though NNAPI delegate is explicitly applied, the model graph will not be "
            "executed by the delegate.",
            ("none", 0.0),
        ),
        ("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", ("XNNPACK", None)),
        ("nothing of the kind", (None, None)),
    ],
)
def test_delegates(text, expected):
    assert parse_delegate(text) == expected


def replacing(count, of, name, where=""):
    return f"INFO: Replacing {count} out of {of} node(s) with delegate ({name}) {where}"


GPU = replacing(10, 40, "TfLiteGpuDelegateV2")
NNAPI = replacing(12, 40, "TfLiteNnapiDelegate")
# XNNPACK is offered what is left, in a graph that is shorter by then.
REST = replacing(24, 31, "TfLiteXNNPackDelegate")
SUBGRAPHS = "\n".join(
    replacing(count, of, name, f"node, yielding 2 partitions for subgraph {place}.")
    for count, of, name, place in (
        (3, 10, "TfLiteGpuDelegateV2", 0),
        (6, 8, "TfLiteXNNPackDelegate", 0),
        (2, 10, "TfLiteGpuDelegateV2", 1),
    )
)


@pytest.mark.parametrize(
    ("text", "requested", "expected"),
    [
        (f"{GPU}\n{REST}", "GPU", ("GPU", 0.25)),
        (f"{NNAPI}\n{REST}", "NNAPI", ("NNAPI", 0.3)),
        (f"{GPU}\n{REST}", None, ("XNNPACK", 0.6)),
        # What was asked for runs nothing.
        (replacing(30, 40, "TfLiteXNNPackDelegate"), "GPU", ("XNNPACK", 0.75)),
        (SUBGRAPHS, "GPU", ("GPU", 0.25)),
        (replacing(8, 10, "DispatchDelegate"), "NPU", ("Dispatch", 0.8)),
    ],
)
def test_of_several_delegates_the_one_that_was_asked_for(text, requested, expected):
    assert parse_delegate(text, requested) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ERROR: Failed to mmap model /x\nBenchmarking failed.", "Failed to mmap"),
        ("Didn't find op\nAborted", "Aborted"),
        (
            'CANNOT LINK EXECUTABLE "benchmark_model": library "libc++_shared.so" not '
            "found",
            "CANNOT LINK EXECUTABLE",
        ),
        ("", "it said nothing"),
        ("\x1b[31mred\n", "red"),
    ],
)
def test_failures_say_why(text, reason):
    with pytest.raises(ToolOutputError, match=r"gave no result") as caught:
        parse_text(text)
    assert reason in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_figures_that_contradict_each_other(recorded):
    text = recorded["classic"].replace("Inference (avg): 33209.4", "Inference (avg): 7")
    with pytest.raises(ToolOutputError, match="contradicts itself"):
        parse_text(text)


def outcome(text):
    """Return the result, or what its refusal says."""
    try:
        return parse_text(text)
    except ToolOutputError as error:
        return str(error)


LINES = st.sampled_from(
    [
        "count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450",
        "count=0",
        "count=1 curr=9",
        "Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 1, "
        "Inference (avg): 33209.4",
        "Inference timings in us: Init: 1e99, First inference: 1e99, Warmup (avg): 0, "
        "Inference (avg): 0",
        "========== BENCHMARK RESULTS ==========",
        "Inference (avg):      2.21 ms (453 runs)",
        "Inference (min):      nan ms",
        "Inference (max):      0.00 ms",
        "Replacing 7 out of 3 node(s) with delegate (X) node",
        "ERROR: \x07\x1b[2J",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=12).map("\n".join),
    )
)
def test_any_text_gives_a_result_or_one_sentence(text):
    found = outcome(text)
    if isinstance(found, str):
        assert len(found.splitlines()) == 1
        assert found.endswith(".")
    else:
        assert found.runs > 0
        assert found.mean_ms > 0
