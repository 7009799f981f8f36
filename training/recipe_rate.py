"""The learning rate of a recipe, step by step."""

from keras_resnet.training.recipes import Recipe
from keras_resnet.training.schedules import make_schedule


def rate_of(recipe: Recipe, steps_per_epoch: int):
    """Return the learning rate of a recipe as a function of the step.

    Args:
        recipe: The recipe.
        steps_per_epoch: Steps of an epoch.

    Raises:
        ValueError: If the warm-up leaves the schedule no room.
    """
    return make_schedule(
        recipe.schedule,
        recipe.peak_learning_rate(),
        recipe.epochs,
        steps_per_epoch,
        recipe.warmup_epochs,
        recipe.warmup_start,
    )
