"""Writes recipes as single files that do not need the zoo.

`rehearsal` runs a recipe up to its training. `linking` collects the functions that it uses: `sources`
finds them, and `replacing` mends what only the zoo needs. `folding`, `calls` and `variables` leave out
what this run does not need. `plain` has short versions of some functions. `writing` puts everything
together.
"""

from zoo.copying.standalone.writing import write_standalone

__all__ = ["write_standalone"]
