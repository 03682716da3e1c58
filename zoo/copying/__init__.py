"""Copies of recipes that you can run and change."""

from zoo.copying.recipes import copy_recipe, find_recipes, read_recipe
from zoo.copying.settings import read_words

__all__ = ["copy_recipe", "find_recipes", "read_recipe", "read_words"]
