"""What the programs share: errors as sentences, exit status, quiet start."""

import os
import subprocess
import sys

import pytest

from keras_resnet.program import runs_own_program

PROGRAM = """
import sys
from absl import flags
from keras_resnet import program
flags.DEFINE_string("fault", "", "What goes wrong.")

def main(arguments):
    fault = flags.FLAGS.fault
    if fault:
        raise {{"value": ValueError, "os": OSError, "stop": KeyboardInterrupt,
                "bug": ZeroDivisionError}}[fault]("It is so. Received: x=1")
    print("done", *arguments[1:])

program.run(main, "Describes itself.")
"""


@pytest.fixture
def start(tmp_path):
    script = tmp_path / "keras-resnet-try"
    script.write_text(PROGRAM.replace("{{", "{").replace("}}", "}"))

    # JAX is imported sooner than TensorFlow.
    def run(*arguments, backend="jax"):
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        environment = {**os.environ, "KERAS_BACKEND": backend}
        environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
        return subprocess.run(
            [sys.executable, script, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    return run


def test_success_is_quiet(start):
    finished = start("a", backend="tensorflow")
    assert (finished.returncode, finished.stdout) == (0, "done a\n")
    # TensorFlow's start-up notes are not the user's concern.
    assert finished.stderr == ""


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("value", 2, "keras-resnet-try: error: It is so. Received: x=1\n"),
        ("os", 1, "keras-resnet-try: error: It is so. Received: x=1\n"),
        ("stop", 130, "\nInterrupted.\n"),
    ],
)
def test_errors_are_sentences(start, fault, status, said):
    finished = start(f"--fault={fault}")
    assert (finished.returncode, finished.stderr) == (status, said)


def test_debug_and_faults_of_the_program_show_the_traceback(start):
    for arguments in (["--fault=value", "--debug"], ["--fault=bug"]):
        finished = start(*arguments)
        assert finished.returncode == 1
        assert "Traceback" in finished.stderr


def test_help_describes_the_program_and_its_flags(start):
    finished = start("--helpshort")
    for text in ("Describes itself.", "--fault: What goes wrong.", "debug"):
        assert text in finished.stdout


@pytest.mark.parametrize(
    ("command", "own"),
    [
        ("python -m keras_resnet.training --x", True),
        ("python /usr/bin/keras-resnet-train --x", True),
        ("python -X dev /usr/bin/keras-resnet-train", True),
        ("python my_program.py keras-resnet-train", False),
        ("python -m pytest tests", False),
        ("python -c pass keras-resnet-train", False),
        ("python", False),
    ],
)
def test_knows_its_own_programs(command, own):
    assert runs_own_program(command.split()) is own


# Python itself imports a module of this name before anything else. This one
# stands for the user who types Ctrl-C when a certain module is being imported.
INTERRUPTION = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""
SCRIPT = "from {module} import main\nmain()\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize(
    ("name", "module", "place"),
    [
        ("train", "keras_resnet.training.program", "keras"),
        ("export", "keras_resnet.export.program", "keras"),
        ("benchmark", "keras_resnet.benchmarks.program", "keras"),
        ("study", "keras_resnet.training.studies.program", "keras"),
        ("train", "keras_resnet.training.program", "keras_resnet.training"),
    ],
)
def test_an_interruption_of_the_imports_is_one_line(tmp_path, name, module, place):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTION)
    script = tmp_path / f"keras-resnet-{name}"
    script.write_text(SCRIPT.format(module=module))
    finished = subprocess.run(
        [sys.executable, script],
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "INTERRUPTED_AT": place,
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (130, "\nInterrupted.\n")


def test_another_programs_interruptions_are_its_own(run_python):
    code = "import signal, keras_resnet; print(signal.getsignal(signal.SIGINT))"
    assert "default_int_handler" in run_python(code, backend="jax")
