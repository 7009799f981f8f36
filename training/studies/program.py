"""The program `keras-resnet-study` and its commands."""

import sys
from collections.abc import Callable
from types import ModuleType

from absl import flags

from keras_resnet import program
from keras_resnet.arguments import check_choice
from keras_resnet.training.interrupted_program import tell_interrupted
from keras_resnet.training.interruption import TrainingInterrupted
from keras_resnet.training.studies.commands import COMMANDS

DESCRIPTION = """Study what a trained network does, as the papers did.

  keras-resnet-study lesions --weights=runs/cifar --dataset=cifar10 --images=1000

The first argument is the study, and `keras-resnet-study NAME --help` lists its
flags:

{studies}

Each writes a picture, a table (.csv) and a document (.json). Where it takes
long, the same command again continues what was interrupted.
"""
HELP = ("-h", "--help", "-help", "--helpshort", "-helpshort")


def description() -> str:
    """Return what `--help` says without a study."""
    width = max(map(len, COMMANDS))
    return DESCRIPTION.format(
        studies="\n".join(
            f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()
        )
    )


def choose(arguments: list[str]) -> str | None:
    """Tell which study is meant.

    Args:
        arguments: The command line without the program's name.

    Returns:
        Its name, or None where help is wanted, or nothing was typed.

    Raises:
        ValueError: If the first argument is no study.
    """
    if not arguments or arguments[0] in HELP:
        return None
    return check_choice("NAME", arguments[0], COMMANDS, noun="study")


def study_main(name: str, module: ModuleType) -> Callable[[list[str]], int | None]:
    """Return the study's `run` as absl calls it: with all arguments."""

    def main(arguments: list[str]) -> int | None:
        others = [argument for argument in arguments[1:] if argument != name]
        if others:
            raise ValueError(
                "All arguments but the study's name are flags, as --images=1000. "
                f"Received: {' '.join(others)}"
            )
        try:
            return module.run(flags.FLAGS)
        except TrainingInterrupted as interrupted:
            return tell_interrupted(interrupted)

    # Flags of the same module as `main` are those that `--help` lists.
    main.__module__ = module.__name__
    return main


def main() -> None:
    """Run the program."""
    try:
        name = choose(sys.argv[1:])
    except ValueError as error:
        print(f"{program.program_name()}: error: {error}", file=sys.stderr)
        sys.exit(2)
    if name is None:
        print(description())
        sys.exit(0)
    module = COMMANDS[name].load()
    before = set(flags.FLAGS)
    module.define_flags(flags.FLAGS)
    for flag in set(flags.FLAGS) - before:
        # Flags that studies have in common are the study's, too.
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[flag])
    program.run(study_main(name, module), module.DESCRIPTION)
