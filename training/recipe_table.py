"""The recipes as a table."""

import re

from keras_resnet.tables import Column, text_table
from keras_resnet.training.recipes import NOT_REPRODUCED, RECIPES, Published, Recipe

COLUMNS = (
    Column("recipe", align="left"),
    Column("model", align="left"),
    Column("dataset", align="left"),
    Column("epochs", number_format=",d"),
    Column("batch", number_format=",d"),
    Column("published", align="left"),
    Column("reproduced", align="left"),
)


def recipe_table() -> str:
    """Return all recipes, one a line, with the figures of their own network."""
    return text_table(COLUMNS, [_row(recipe) for recipe in RECIPES.values()])


def _row(recipe: Recipe) -> tuple:
    published = [_shortly(f) for f in recipe.published_for(recipe.model)[:1]]
    reproduced = recipe.reproduced_for(recipe.model)[:1]
    return (
        recipe.name,
        recipe.model,
        recipe.dataset,
        recipe.epochs,
        recipe.batch_size,
        published[0] if published else "",
        f"{reproduced[0].value:g} %" if reproduced else NOT_REPRODUCED,
    )


def _shortly(figure: Published) -> str:
    # How it was measured stands behind the first comma or bracket.
    metric = re.split(r",| \(", figure.metric)[0]
    return f"{metric} {figure.value:g} %"
