"""No Edge TPU is here: what LiteRT does without one, and a library in its place."""

import os
import shutil
import stat
import subprocess
import sys

import pytest

from keras_resnet.benchmarks.commands import coral as command
from keras_resnet.benchmarks.coral import runner
from keras_resnet.benchmarks.coral.compiled import prepare
from keras_resnet.benchmarks.host.processes import run_worker
from keras_resnet.benchmarks.host.settings import Settings
from keras_resnet.benchmarks.records import ledger
from keras_resnet.benchmarks.roofline.gemm_file import gemm_file
from keras_resnet.export.edgetpu import CompilerError

pytest.importorskip("ai_edge_litert")

QUICK = Settings(rounds=2, runs=4, seconds=0, warmup_runs=1)
# A delegate that takes no operator, or none at all, as without a device.
LIBRARY = """
#include <stddef.h>
struct Delegate { void *data; int (*prepare)(void *, struct Delegate *);
                  void *from, *to, *free; long long flags; void *more[4]; };
static int prepare(void *context, struct Delegate *delegate) { return 0; }
static struct Delegate delegate = { 0, prepare };
struct Delegate *tflite_plugin_create_delegate(
    char **keys, char **values, size_t count, void (*report)(const char *)) {
  %s
}
void tflite_plugin_destroy_delegate(struct Delegate *delegate) {}
"""
LOG = """Edge TPU Compiler version 16.0.384591198

Model compiled successfully in 12 ms.

On-chip memory used for caching model parameters: 604.50KiB
On-chip memory remaining for caching model parameters: 6.83MiB
Off-chip memory used for streaming uncached model parameters: 2.00KiB
Number of Edge TPU subgraphs: 1
Total number of operations: 4

Operator                       Count      Status

CONV_2D                        3          Mapped to Edge TPU
SOFTMAX                        1          Operation not supported
Compilation succeeded!
"""


def compiled_file():
    """Return a file of one operator that only the Edge TPU has."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(gemm_file(4, 8, 8, "int8"), 0)
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"edgetpu-custom-op"
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture
def compiled(tmp_path):
    path = tmp_path / "model_edgetpu.tflite"
    path.write_bytes(compiled_file())
    return path


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(gemm_file(4, 8, 8, "int8"))
    return path


@pytest.fixture
def compiler(tmp_path, monkeypatch, compiled):
    """Put an `edgetpu_compiler` on the PATH that replays a log."""
    if os.name != "posix":
        pytest.skip("the compiler runs on Linux alone")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "edgetpu_compiler"
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        "folder = sys.argv[sys.argv.index('--out_dir') + 1]\n"
        f"shutil.copy({str(compiled)!r}, folder + '/model_edgetpu.tflite')\n"
        f"print({LOG!r})\n",
        "utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return program


@pytest.fixture
def build(tmp_path):
    """Build a delegate's library whose making does what is said."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("there is no C compiler")

    def make(body):
        source, library = tmp_path / "delegate.c", tmp_path / "libedgetpu.so.1"
        source.write_text(LIBRARY % body, "utf-8")
        command = ["cc", "-shared", "-fPIC", "-o", str(library), str(source)]
        subprocess.run(command, check=True)
        return str(library)

    return make


@pytest.fixture
def answered(monkeypatch):
    """Let an Edge TPU that is not there answer."""
    asked = []

    def answer(worker, request, runtime, path):
        asked.append(request)
        return {
            "initialisation": 0.5,
            "first": 0.01,
            "times": [0.002, 0.003],
            "delegated": [1, 1],
            "peak_memory_bytes": 1000,
            "model_memory_bytes": None,
        }

    monkeypatch.setattr(runner, "run_worker", answer)
    return asked


def test_without_the_library(compiled):
    with pytest.raises(
        RuntimeError, match=r"the library nowhere\.so is not instal"
    ) as e:
        runner.measure_files([compiled], runner.EdgeTpu("nowhere.so"), QUICK)
    assert len(str(e.value).splitlines()) == 1


def test_without_a_device(compiled, build):
    library = build('report("no device"); return NULL;')
    with pytest.raises(RuntimeError, match="no Edge TPU answers: plug it in") as e:
        runner.measure_files([compiled], runner.EdgeTpu(library), QUICK)
    assert "(no device)" in str(e.value)
    assert len(str(e.value).splitlines()) == 1


def test_a_library_without_a_device_says_nothing_as_libedgetpu_does(compiled, build):
    with pytest.raises(RuntimeError, match=r"no other program use it$"):
        runner.measure_files([compiled], runner.EdgeTpu(build("return NULL;")), QUICK)


def test_a_library_that_ends_the_process(compiled, build):
    library = build("*(volatile int *)0 = 1; return NULL;")
    with pytest.raises(RuntimeError, match="Edge TPU was ended by SIGSEGV"):
        runner.measure_files([compiled], runner.EdgeTpu(library), QUICK)


def test_the_worker_measures_with_a_delegate(plain, build):
    request = {
        "path": str(plain),
        "threads": 1,
        "library": build("return &delegate;"),
        "options": {"device": "usb"},
        "warmup_runs": 1,
        "runs": 3,
        "seconds": 0,
    }
    worker = [sys.executable, "-P", str(runner.WORKER)]
    answer = run_worker(worker, request, "Edge TPU", str(plain))
    assert len(answer["times"]) == 3
    assert min(answer["times"]) > 0


def test_a_file_that_is_compiled_already(compiled, answered):
    (record,) = runner.measure_files(
        [compiled], runner.EdgeTpu(device="usb"), QUICK, command="typed"
    )
    assert record.is_measured
    assert record.device.name == "Coral USB"
    assert record.device.kind == "edge tpu"
    assert record.delegate_share == 1.0
    assert record.model.operators == {"CUSTOM:edgetpu-custom-op": 1}
    assert record.latency.p50_ms == pytest.approx(2.5)
    assert record.runs == 4
    assert record.initialisation_ms == pytest.approx(500)
    assert record.model_memory_bytes is None
    assert record.command == "typed"
    assert record.figures == {}
    assert answered[0]["options"] == {"device": "usb"}
    assert answered[0]["runs"] == 2


def test_the_compilers_report_is_folded_in(
    plain, compiler, answered, call_main, capsys, tmp_path
):
    path = tmp_path / "ledger.jsonl"
    assert call_main(command, command.run, plain, f"--ledger={path}") == 0
    (record,) = ledger.read(path).records
    assert record.model.name == "model.tflite"
    assert record.delegate_share == 0.75
    assert record.figures["edgetpu_on_chip_bytes"] == 604.5 * 1024
    assert record.figures["edgetpu_streamed_bytes"] == 2 * 1024
    assert record.figures["edgetpu_subgraphs"] == 1
    assert "75%" in capsys.readouterr().out


def test_files_of_one_name_are_told_apart(compiled, answered, tmp_path):
    other = tmp_path / "other" / compiled.name
    other.parent.mkdir()
    shutil.copy(compiled, other)
    records = runner.measure_files([compiled, other], runner.EdgeTpu(), QUICK)
    names = [record.model.name for record in records]
    assert names == [f"{path.parent.name}/{path.name}" for path in (compiled, other)]


@pytest.mark.parametrize(
    ("kind", "message"),
    [("two inputs", "one input.* with 2 inputs"), ("open", "sizes are fixed")],
)
def test_files_without_one_image(odd_file, compiler, answered, kind, message):
    with pytest.raises(ValueError, match=message):
        runner.measure_files([odd_file(kind)], runner.EdgeTpu(), QUICK)
    assert answered == []


def test_without_the_compiler(plain, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompilerError, match="is not compiled for the Edge TPU") as e:
        prepare(plain, tmp_path)
    assert "edgetpu_compiler is not installed" in str(e.value)


def test_a_file_that_the_compiler_refuses(plain, compiler, tmp_path):
    text = "Edge TPU Compiler version 16.0\nInvalid model: x\nModel not quantized\n"
    compiler.write_text(f"#!{sys.executable}\nprint({text!r})\n", "utf-8")
    with pytest.raises(CompilerError, match="refuses .*: Model not quantized"):
        prepare(plain, tmp_path)


def test_a_compiler_that_writes_nothing(plain, compiler, tmp_path):
    compiler.write_text(f"#!{sys.executable}\nprint({LOG!r})\n", "utf-8")
    with pytest.raises(CompilerError, match=r"did not write model_edgetpu\.tflite"):
        prepare(plain, tmp_path)


def test_bad_calls(tmp_path, call_main):
    with pytest.raises(ValueError, match=r"Name at least one \.tflite file"):
        call_main(command, command.run)
    with pytest.raises(ValueError, match="`--runs` must be a positive integer"):
        call_main(command, command.run, "x.tflite", "--runs=0")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        call_main(command, command.run, tmp_path / "none.tflite")
    path = tmp_path / "x.tflite"
    path.write_bytes(b"none of the kind")
    with pytest.raises(ValueError, match=r"Expected a \.tflite file"):
        call_main(command, command.run, path)
