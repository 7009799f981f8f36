"""What recipes may ask for that `train` does not do yet."""

from keras_resnet.training.datasets.evaluation import CROP_SHARE
from keras_resnet.training.recipes.recipe import Recipe

# Fields that `train` has to leave at these values.
NOT_YET = {
    "evaluation_side": None,
    "evaluation_crop": CROP_SHARE,
    "progressive_sides": (),
}


def check_trainable(recipe: Recipe) -> None:
    """Refuse a recipe that `train` could follow only in part.

    Raises:
        ValueError: If it asks for what is not done yet.
    """
    for field, usual in NOT_YET.items():
        value = getattr(recipe, field)
        if value == usual or (field, value) == ("evaluation_side", recipe.image_side):
            continue
        raise ValueError(
            f"`train` cannot follow `{field}` of the recipe {recipe.name!r} yet; "
            f"`--set {field}={usual}` trains without it. "
            f"Received: {field}={value!r}"
        )
