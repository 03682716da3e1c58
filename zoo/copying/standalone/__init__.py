"""Writes recipes as single files that do not need the zoo.

`rehearsal` runs a recipe up to its training. `linking` collects the functions that it uses: `sources`
finds them, `replacing` mends what only the zoo needs, and `known` says what to write in place of some
calls. `folding`, `calls`, `variables` and `unrolling` leave out what this run does not need. `inlining`
writes short functions where they are called. `plain` and `searching` have short versions of some
functions. `writing` puts everything together, and `formatting` formats it.
"""

from zoo.copying.standalone.writing import write_standalone

__all__ = ["write_standalone"]
