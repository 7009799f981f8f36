import pytest
from absl import flags

from keras_resnet.benchmarks import program

MODULE = "keras_resnet.benchmarks"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("host", False)),
        (["model.tflite", "profile"], ("host", False)),
        (["--help"], ("host", False)),
        (["profile", "model.tflite"], ("profile", True)),
        (["host", "model.tflite"], ("host", True)),
    ],
)
def test_which_command_is_meant(arguments, expected):
    assert program.choose(arguments) == expected


def test_a_file_may_be_called_by_a_single_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="Did you mean 'profile'"):
        program.choose(["profil"])
    (tmp_path / "profil").write_bytes(b"")
    assert program.choose(["profil"]) == ("host", False)


def test_the_command_itself_is_no_argument():
    class Module:
        __name__ = "module"

        @staticmethod
        def run(arguments, values):
            return arguments

    typed = program.command_main("host", Module, typed=True)
    assert typed(["program", "host", "host"]) == ["program", "host"]
    untyped = program.command_main("host", Module, typed=False)
    assert untyped(["program", "a"]) == ["program", "a"]


def test_help_lists_the_commands(call_module):
    finished = call_module(MODULE, "--helpshort", backend="jax")
    for name, command in program.COMMANDS.items():
        assert f"  {name} " in finished.stdout
        assert command.summary in finished.stdout
    for text in ("--threads", "--rounds", "debug"):
        assert text in finished.stdout


def test_an_unknown_command_is_one_sentence(call_module):
    finished = call_module(MODULE, "compair", "a", "b", backend="jax")
    assert finished.returncode == 2
    assert "Did you mean 'compare'" in finished.stderr
    assert len(finished.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", program.COMMANDS)
def test_every_command_keeps_the_contract(name):
    module = program.COMMANDS[name].load()
    values = flags.FlagValues()
    module.define_flags(values)
    assert len(values) > 0
    assert "keras-resnet-benchmark" in module.DESCRIPTION
    assert callable(module.run)
