"""The numeric formats that a model can be exported in, as a table."""

import dataclasses

from keras_resnet.arguments import check_choice


@dataclasses.dataclass(frozen=True)
class Quantization:
    """One format of an exported file.

    Attributes:
        name: What users type.
        summary: One line for help texts.
        optimize: Whether the converter changes the weights at all.
        weight_types: TensorFlow names of the types that the converter may
            store weights in; empty for its default.
        operator_set: Name of the member of `tf.lite.OpsSet` that the file is
            limited to. Every row names builtin operators alone, so that a
            LiteRT without TensorFlow runs the file.
        calibrated: Whether the ranges of the activations are measured on
            images, which makes every operator an integer one.
        interface_types: Types that the file's input and output can have, the
            default first.
    """

    name: str
    summary: str
    optimize: bool
    weight_types: tuple[str, ...] = ()
    operator_set: str = "TFLITE_BUILTINS"
    calibrated: bool = False
    interface_types: tuple[str, ...] = ("float32",)


QUANTIZATIONS = {
    row.name: row
    for row in (
        Quantization(
            name="float32",
            summary="weights and arithmetic in float32",
            optimize=False,
        ),
        Quantization(
            name="float16",
            summary="weights stored in float16, half the size",
            optimize=True,
            weight_types=("float16",),
        ),
        Quantization(
            name="dynamic_int8",
            summary="int8 weights; activations quantized as they come, no calibration",
            optimize=True,
        ),
        Quantization(
            name="int8",
            summary="int8 weights and activations, calibrated on training images",
            optimize=True,
            operator_set="TFLITE_BUILTINS_INT8",
            calibrated=True,
            interface_types=("uint8", "int8", "float32"),
        ),
    )
}


def get(name: str) -> Quantization:
    """Return the format called `name`.

    Raises:
        ValueError: If there is none.
    """
    return QUANTIZATIONS[check_choice("quantization", name, QUANTIZATIONS)]


def interface_types(
    quantization: Quantization, input_type: str | None, output_type: str | None
) -> tuple[str, str]:
    """Return the types of a file's input and output.

    Args:
        quantization: The format of the file.
        input_type: What was asked for the input. Defaults to the format's
            first type.
        output_type: What was asked for the output. Defaults to the type of
            the input.

    Raises:
        ValueError: If the format cannot have such an input or output.
    """
    asked_input = quantization.interface_types[0] if input_type is None else input_type
    asked_output = asked_input if output_type is None else output_type
    for argument, value in (("input_type", asked_input), ("output_type", asked_output)):
        if value not in quantization.interface_types:
            allowed = " or ".join(repr(name) for name in quantization.interface_types)
            raise ValueError(
                f"`{argument}` of a {quantization.name!r} file must be {allowed}. "
                f"Received: {argument}={value!r}"
            )
    return asked_input, asked_output
