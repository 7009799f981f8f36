"""What the package is compared with, and the ratios it should reach."""

import functools

from keras_resnet.benchmarks.comparisons import Comparison
from keras_resnet.benchmarks.workloads import edge, inference, starting, training

OWN = "keras_resnet"
KERAS = "keras.applications"
# Even, here and below: a steady drift cancels over pairs of rounds.
STEPS = 10
# Modules of the extras; `make bench` installs the first alone.
LITERT = ("ai_edge_litert",)
TF_KERAS = ("tf_keras",)
PYTORCH = ("torch", "transformers")


def _training(policy: str, goal: float | None, *, large: bool) -> Comparison:
    batch = 64 if large else 16
    name = policy.removeprefix("mixed_")
    return Comparison(
        name=f"training_{name}{'_64' if large else ''}",
        title=f"ResNet-50 training step, batch {batch}, 128 px, {policy}",
        upper=KERAS,
        lower=OWN,
        goal=goal,
        measure=functools.partial(
            training.against_keras_applications, policy, large=large
        ),
        rounds=STEPS,
    )


def _training_elsewhere(
    name: str,
    title: str,
    measure,
    needs: tuple[str, ...],
    policy: str,
    goal: float | None = None,
    *,
    large: bool = False,
) -> Comparison:
    batch = 64 if large else 16
    short = policy.removeprefix("mixed_")
    return Comparison(
        name=f"training_{name}_{short}{'_64' if large else ''}",
        title=f"ResNet-50 training step, batch {batch}, 128 px, {policy}",
        upper=title,
        lower=OWN,
        goal=goal,
        measure=functools.partial(measure, policy, large=large),
        rounds=STEPS,
        needs=needs,
    )


def _training_pytorch(policy: str, goal: float | None, *, large: bool) -> Comparison:
    title = "PyTorch, eager, channels last"
    if policy == "mixed_bfloat16":
        title += ", autocast"
    return _training_elsewhere(
        "pytorch",
        title,
        training.against_pytorch,
        PYTORCH,
        policy,
        goal,
        large=large,
    )


COMPARISONS = (
    Comparison(
        name="importing",
        title="importing in a new Python",
        upper="keras",
        lower=OWN,
        measure=starting.importing,
        rounds=10,
    ),
    Comparison(
        name="building",
        title="building ResNet-50",
        upper=KERAS,
        lower=OWN,
        measure=starting.building,
        rounds=8,
    ),
    *(
        _training(policy, goal, large=large)
        for large in (False, True)
        for policy, goal in (("float32", 1.15), ("mixed_bfloat16", 1.5))
    ),
    *(
        _training_elsewhere(
            "tf_keras", "tf_keras", training.against_tf_keras, TF_KERAS, policy
        )
        for policy in ("float32", "mixed_bfloat16")
    ),
    *(
        _training_pytorch(policy, 3.0, large=large)
        for large in (False, True)
        for policy in ("float32", "mixed_bfloat16")
    ),
    Comparison(
        name="wide_and_deep",
        title="training step, batch 16, 128 px",
        upper="ResNet-152",
        lower="WRN-50-2",
        measure=training.wide_and_deep_steps,
        rounds=STEPS,
    ),
    Comparison(
        name="stochastic_depth",
        title="nested ResNet-110 training step, batch 128, linear stochastic depth",
        upper="p_L = 0.5",
        lower="constant depth",
        goal=0.78,
        at_least=False,
        measure=training.stochastic_depth_steps,
        rounds=40,
        of_means=True,
    ),
    *(
        Comparison(
            name=f"inference_{policy.removeprefix('mixed_')}",
            title=f"ResNet-50 predict_on_batch, batch 16, 224 px, {policy}",
            upper=KERAS,
            lower=f"{OWN}, folded",
            goal=goal,
            measure=functools.partial(inference.against_keras_applications, policy),
            rounds=STEPS,
        )
        for policy, goal in (("float32", 1.05), ("mixed_bfloat16", 1.3))
    ),
    Comparison(
        name="int8_latency",
        title="ResNet-50 LiteRT latency, 224 px, one thread",
        upper="float32",
        lower="int8",
        goal=3.0,
        measure=edge.float_and_int8_latency,
        rounds=6,
        needs=LITERT,
    ),
    Comparison(
        name="int8_latency_against_keras",
        title="ResNet-50 int8 LiteRT latency, 224 px, one thread",
        upper="Keras's export of keras.applications",
        lower=OWN,
        goal=1.0,
        measure=edge.int8_latency_against_keras,
        rounds=6,
        needs=LITERT,
    ),
    Comparison(
        name="exporting",
        title="ResNet-50 int8 export, 224 px, 8 calibration images",
        upper="Keras's export of keras.applications",
        lower=OWN,
        measure=edge.exporting,
        rounds=4,
        needs=LITERT,
    ),
)
