"""What a `TrainingModel` accepts."""

import keras


def check_network(network, strategy, jit_compile: bool) -> None:
    """Accept a network that is built within `strategy.scope()`.

    Raises:
        TypeError: If it is no built model.
        ValueError: If it has several inputs or outputs, was made outside of
            the strategy, or cannot be compiled by XLA.
    """
    if not isinstance(network, keras.Model) or not network.built:
        raise TypeError(
            f"`network` must be a built `keras.Model`. Received: network={network!r}"
        )
    if len(network.inputs or [None]) != 1 or len(network.outputs or [None]) != 1:
        raise ValueError(
            "`network` must have one input and one output. Received: network with "
            f"{len(network.inputs)} inputs and {len(network.outputs)} outputs"
        )
    _check_scope("network", network.variables, strategy)
    synchronized = [
        layer.name
        for layer in network._flatten_layers()
        if getattr(layer, "synchronized", False)
    ]
    if jit_compile and synchronized and strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "XLA compiles what a replica does on its own, and a network with "
            "synchronized batch normalization waits for the others within. "
            f"Received: jit_compile=True, synchronized layers: {synchronized[:3]}"
        )


def check_optimizer(optimizer, strategy) -> None:
    """Accept an optimizer that leaves to the training step what is its own.

    Raises:
        TypeError: If it is no optimizer of Keras.
        ValueError: If it does the step's work, or was made outside of the
            strategy.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "`optimizer` must be a `keras.optimizers.Optimizer`. "
            f"Received: optimizer={optimizer!r}"
        )
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "Losses are scaled by the training model where layers compute in "
            "float16. Give the inner optimizer alone. "
            "Received: optimizer=LossScaleOptimizer"
        )
    for argument, instead in (
        ("gradient_accumulation_steps", "accumulation_steps"),
        ("ema_overwrite_frequency", "ema_decay"),
        ("loss_scale_factor", "initial_loss_scale"),
    ):
        value = getattr(optimizer, argument)
        if value is not None:
            raise ValueError(
                f"The optimizer's `{argument}` is not right on several replicas. "
                f"Give `{instead}` to the training model. "
                f"Received: {argument}={value!r}"
            )
    _check_scope("optimizer", optimizer.variables, strategy)


def check_metrics(metrics, strategy) -> None:
    """Accept metrics that are made within `strategy.scope()`.

    Raises:
        TypeError: If one is no `keras.metrics.Metric`.
        ValueError: If one was made outside of the strategy.
    """
    for metric in metrics:
        if not isinstance(metric, keras.metrics.Metric):
            raise TypeError(
                "`metrics` must be objects such as "
                "`keras.metrics.SparseCategoricalAccuracy()`. "
                f"Received: metrics={list(metrics)!r}"
            )
        _check_scope("metrics", metric.variables, strategy)


def _check_scope(argument: str, variables, strategy) -> None:
    for variable in variables:
        if not strategy.extended.variable_created_in_scope(variable.value):
            raise ValueError(
                f"`{argument}` must be made within `strategy.scope()`. "
                f"Received: {argument} with the variable '{variable.path}', "
                "which was not"
            )
