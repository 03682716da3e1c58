"""Copies of recipes that you can run and change."""

from zoo.copying.recipes import copy_recipe, find_recipes

__all__ = ["copy_recipe", "find_recipes"]
