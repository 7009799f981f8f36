"""Ways to start programs that the tests of the benchmarks share."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def call_module():
    """Run a module of the package as a person would start it."""
    environment = dict(os.environ)
    # Set for the tests' own process; a level that a person set is kept.
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)

    def call(module, *arguments):
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    return call


@pytest.fixture(scope="session")
def call_main():
    """Call a program's main function in this process with flags of its own."""
    from absl import flags

    def call(program, main, *arguments):
        values = flags.FlagValues()
        program.define_flags(values)
        return main(values(["program", *map(str, arguments)]), values)

    return call
