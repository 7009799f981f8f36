"""`python -m keras_resnet.models.catalogue`: the table of all networks.

Builds every network once, which takes some minutes, and writes the table in
Markdown to the file that is given, or to the terminal.
"""

import sys

import keras

from keras_resnet.files import write_text
from keras_resnet.models import published_counts
from keras_resnet.models.construction import create_model
from keras_resnet.models.description import describe
from keras_resnet.models.registry import SPECIFICATIONS
from keras_resnet.models.specification import Specification
from keras_resnet.progress import ProgressLine
from keras_resnet.tables import Column, markdown_table

COMMAND = "python -m keras_resnet.models.catalogue docs/models.md"
COLUMNS = (
    Column("name", align="left"),
    Column("function", align="left"),
    Column("input"),
    Column("trainable parameters", number_format=",d"),
    Column("all parameters", number_format=",d"),
    Column("MACs", "millions", ",.0f"),
    Column("source", align="left"),
    Column("checked against", align="left"),
)
HEADING = f"""# Models

Made by `{COMMAND}`.

Trainable parameters are what PyTorch reports; all parameters, with the moving
statistics of batch normalization, what `keras.Model.count_params` reports.
MACs are the multiplications, with an addition each, of the convolutions and
the dense layer for one image of the size given. "Checked against" says whose
outputs the tests compare with those of the network, or of its blocks alone, on
the same weights, and whether its parameter count is compared with a published
one.

"""


def checked_against(specification: Specification) -> str:
    """Say what the tests compare a network with."""
    counted = specification.name in published_counts.NAMES
    return specification.checked_against + ("; parameter count" if counted else "")


def catalogue(progress=lambda message: None) -> str:
    """Lay out the table of all networks, in Markdown.

    Args:
        progress: Receives a line of text before every network.
    """
    rows = []
    for number, (name, specification) in enumerate(SPECIFICATIONS.items(), start=1):
        progress(f"{number} of {len(SPECIFICATIONS)}: {name}")
        found = describe(create_model(name))
        rows.append(
            (
                f"`{name}`",
                f"`{specification.function}`",
                "x".join(map(str, found.input_shape)),
                found.trainable_parameters,
                found.parameters,
                found.macs / 1e6,
                specification.source,
                checked_against(specification),
            )
        )
        keras.backend.clear_session()
    return f"{HEADING}{markdown_table(COLUMNS, rows)}\n"


def main() -> None:
    """Run the program."""
    with ProgressLine() as progress:
        text = catalogue(progress)
    if len(sys.argv) > 1:
        write_text(sys.argv[1], text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
