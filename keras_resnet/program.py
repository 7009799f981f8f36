"""What the package's command-line programs share."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

PROGRAM_PREFIX = "keras-resnet-"
PACKAGE = "keras_resnet"
IS_WINDOWS = os.name == "nt"
STANDARD_ERROR = 2
# What a program exits with that was interrupted: 128 and the signal's number.
INTERRUPTED = 130
INTERRUPTED_NOTE = "\nInterrupted.\n"

# Where a note is written while standard error is set aside.
_shown = STANDARD_ERROR


def runs_own_program(arguments: list[str] | None = None) -> bool:
    """Tell whether this process was started as one of the package's programs.

    Args:
        arguments: The interpreter's command line. Defaults to that of this
            process.
    """
    arguments = iter((sys.orig_argv if arguments is None else arguments)[1:])
    for argument in arguments:
        if argument == "-m":
            return next(arguments, "").split(".")[0] == PACKAGE
        if argument in ("-W", "-X"):  # The interpreter's options with a value.
            next(arguments, None)
        elif not argument.startswith("-"):
            return Path(argument).name.startswith(PROGRAM_PREFIX)
        elif argument == "-c":
            return False
    return False


def end_when_interrupted() -> None:
    """Let Ctrl-C end this process with one line, until `run` takes over.

    Importing TensorFlow takes long, and there is nothing yet to put in order.
    In a process that is not one of the package's own programs, or that handles
    the signal otherwise or ignores it, this does nothing.
    """
    if (
        runs_own_program()
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _end)


def _end(number, frame):
    with contextlib.suppress(OSError):
        os.write(_shown, INTERRUPTED_NOTE.encode())
    # An exception could become another error within what is being imported.
    os._exit(INTERRUPTED)


@contextlib.contextmanager
def quiet_start():
    """Keep TensorFlow's start-up notes off the terminal of the package's programs.

    TensorFlow writes them from C++ while it is imported, whatever its log
    level, so that the process's standard error is set aside for that long. It
    is shown after all if the import fails. In a process that is not one of
    the package's own programs, or where the user asks for everything with the
    level 0, this does nothing; another level that the user has set stays.
    """
    if not runs_own_program() or os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        yield
        return
    # Read by TensorFlow when it starts. The programs say themselves which
    # devices they use, and errors reach them as Python exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    global _shown
    sys.stderr.flush()
    shown = os.dup(STANDARD_ERROR)
    with tempfile.TemporaryFile() as set_aside:
        os.dup2(set_aside.fileno(), STANDARD_ERROR)
        _shown = shown
        try:
            yield
        except BaseException:
            set_aside.seek(0)
            os.write(shown, set_aside.read())
            raise
        finally:
            _shown = STANDARD_ERROR
            os.dup2(shown, STANDARD_ERROR)
            os.close(shown)


def typed(argument: str | os.PathLike) -> str:
    """Return an argument of a command as it is typed in this system's shell.

    It is quoted where it has to be: for cmd.exe on Windows, else for a POSIX
    shell.

    Args:
        argument: The argument.
    """
    text = os.fspath(argument)
    return subprocess.list2cmdline([text]) if IS_WINDOWS else shlex.quote(text)


def program_name() -> str:
    """Name of the running program, as a person would type it."""
    script = Path(sys.argv[0])
    if script.name == "__main__.py":
        return f"python -m {PACKAGE}.{script.parent.name}"
    return script.stem


def run(
    main: Callable[[list[str]], int | None],
    description: str,
    hint: Callable[[str], str] | None = None,
) -> None:
    """Run a program's `main` under absl, with errors told as one sentence.

    Exit status: 0 on success, 2 for an argument that is not accepted
    (ValueError, TypeError), 1 for what the machine refused (OSError,
    RuntimeError, ImportError), 130 after an interruption. `--debug` shows the
    traceback instead.

    Args:
        main: Takes the arguments that are not flags, program name first, and
            returns the exit status or None.
        description: What `--help` says above the flags.
        hint: Takes the name of a flag that there is none of, and returns a
            sentence to end the error with, or nothing. Defaults to none.
    """
    from absl import app, flags

    flags.DEFINE_bool(
        "debug", False, "Show the traceback of an error instead of one sentence."
    )
    sys.modules["__main__"].__doc__ = description
    # absl's `--help` and `--helpshort` list the flags of the main module, which
    # it knows by the name of the script. All flags of the package are the
    # program's own.
    own = flags.FLAGS.flags_by_module_dict()
    for module in own:
        if module != main.__module__ and module.split(".")[0] != PACKAGE:
            continue
        for flag in own[module]:
            flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)

    def guarded(arguments: list[str]) -> int | None:
        try:
            if signal.getsignal(signal.SIGINT) is _end:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return main(arguments)
        except KeyboardInterrupt:
            print(INTERRUPTED_NOTE, end="", file=sys.stderr)
            return INTERRUPTED
        except (ValueError, TypeError, OSError, RuntimeError, ImportError) as error:
            if flags.FLAGS.debug:
                raise
            name = program_name()
            print(f"{name}: error: {error}", file=sys.stderr)
            return 2 if isinstance(error, (ValueError, TypeError)) else 1

    def parse(arguments: list[str]) -> list[str]:
        try:
            return flags.FLAGS(arguments)
        except flags.Error as error:
            said = str(error)
            if hint is not None and isinstance(error, flags.UnrecognizedFlagError):
                said = f"{said} {hint(error.flagname)}".rstrip()
            print(f"{program_name()}: error: {said}", file=sys.stderr)
            sys.exit(2)

    app.run(guarded, flags_parser=parse)
