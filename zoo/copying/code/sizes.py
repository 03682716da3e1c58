"""Finds out which numbers of a model come from which argument of `zoo.build`.

The same configuration is built a second time, with other sizes: each is a prime number. If a layer has
64 units in one model and 29 in the other, and `units` was 64 and 29, then the layer has `units` units.
"""

import copy
import itertools
import math

from zoo import arguments

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
KEPT = ("num_layers", "start_token", "end_token")  # they change more than a size
SHARES = {"dropout": (0.4375, 0.3125), "mask_value": (0.4375, 0.3125), "weight_dropout": (0.375, 0.25)}
SHAPE_AXES = {1: ("features",), 2: ("rows", "columns"), 3: ("height", "width", "channels")}
AXES = {  # sizes of the inputs that a model does not know: a value for each of the two models
    "batch": (1009, 2003),
    "time": (1301, 2309),
    "source time": (1409, 2411),
    "target time": (1511, 2503),
    "length": (1601, 2609),
    "depth": (1709, 2711),
    "size": (1801, 2801),
}


def change(config):
    """Replaces the sizes in a configuration by primes, and keeps everything that decides about layers.

    Args:
        config: the arguments of `zoo.build`, in the form of `zoo.registry.build_arguments`.

    Returns:
        Another dict with the same keys.

    Example:

    >>> change({"cell": "gru", "units": 64, "num_layers": 2, "num_outputs": None})
    {'cell': 'gru', 'units': 11, 'num_layers': 2, 'num_outputs': None}
    """
    config = copy.deepcopy(config)
    in_use = {size for value in config.values() for size in _integers(value)}
    primes = iter(prime for prime in (*PRIMES, *range(101, 999, 2)) if prime not in in_use)
    for name, value in config.items():
        if value is None or name in KEPT or (name, value) in (("num_classes", 2), ("subsampling", 1)):
            continue
        if name in arguments.LEAST:
            config[name] = next(primes)
        elif name in arguments.SHAPES:
            config[name] = [next(primes) for _ in value]
        elif name in SHARES and value:
            config[name] = next(share for share in SHARES[name] if share != value)
        elif name == "forbidden_transitions" and value:
            config[name] = [[0, 0], [1, 1], [0, 1]] if value != [[0, 0], [1, 1], [0, 1]] else [[0, 0]]
    for name, value in config.items():
        if name.endswith("embeddings") and isinstance(value, dict):  # as many rows as tokens
            rows = config[name.removesuffix("embeddings") + "vocabulary_size"]
            config[name] = {"zeros": [rows, next(primes)]}
    if config.get("tie_embeddings"):  # the state has the size of a token vector
        has_vectors = isinstance(config["embeddings"], dict)
        config["units"] = config["embeddings"]["zeros"][1] if has_vectors else config["embedding_dim"]
    return config | {
        name: default for name, default in (("start_token", 2), ("end_token", 3)) if name in config
    }


def _integers(value):
    """The integers in an argument, as a list."""
    value = value.get("zeros") if isinstance(value, dict) else value  # embeddings
    if isinstance(value, list):
        return [number for one in value for number in _integers(one)]
    return [value] if isinstance(value, int) else []


class Sizes:
    """The names of numbers.

    Args:
        config: the arguments of `zoo.build`, in the form of `zoo.registry.build_arguments`. Empty for a
            model that was made in another way.
        changed: what `change` returned for it.

    Attributes:
        used: the names of the arguments that `text` has returned so far.
    """

    def __init__(self, config, changed):
        self.used, self.arguments, self.axes = set(), {}, dict(AXES)
        for name, value in config.items():
            if value != changed[name]:
                self.arguments[name] = _as_list(value), _as_list(changed[name])
        for name, (one, other) in list(self.arguments.items()):
            if isinstance(one, dict):
                del self.arguments[name]
                size = one["zeros"][1], other["zeros"][1]
                self.arguments = {f"{name}.shape[1]": size, **self.arguments}  # before equal units
                self.axes[f"{name.removesuffix('s')}_dim"] = size
            elif name in arguments.SHAPES:
                names = SHAPE_AXES.get(len(one), ())
                names = ("items", "features") if (name, len(one)) == ("context_shape", 2) else names
                self.axes |= dict(zip(names, zip(one, other, strict=True), strict=False))
                self.axes[" * ".join(names) or "features"] = math.prod(one), math.prod(other)
            elif isinstance(one, int):
                self.axes[name] = one, other

    def names(self):
        """The arguments that numbers may come from, as a set."""
        return {name.split(".")[0] for name in self.arguments}

    def text(self, one, other):
        """Writes a number or a list, as an argument of a layer.

        Args:
            one: the value in the model.
            other: the value in the model with changed sizes.

        Returns:
            A str such as `"units"` or `"2 * units"`. None if the values are different and no argument
            explains that.

        Example:

        >>> sizes = Sizes({"units": 64, "dropout": 0.5}, {"units": 11, "dropout": 0.25})
        >>> sizes.text(128, 22), sizes.text(0.5, 0.25), sizes.text(7, 7), sorted(sizes.used)
        ('2 * units', 'dropout', '7', ['dropout', 'units'])
        """
        if one == other and not isinstance(one, list):
            return repr(one)
        for name, values in self.arguments.items():
            if values == (_as_list(one), _as_list(other)):
                self.used.add(name.split(".")[0])
                return name
        if isinstance(one, int):
            found, names = _combination(one, other, self.arguments)
            self.used.update(name.split(".")[0] for name in names)
            return found
        return None

    def comment(self, shape, other_shape):
        """Writes a shape, for a comment.

        Args:
            shape: the shape in the model, with the first values of `AXES`.
            other_shape: the shape in the model with changed sizes, with the second values.

        Returns:
            A str such as `"[batch, time, 2 * units]"`.

        Example:

        >>> sizes = Sizes({"units": 64}, {"units": 11})
        >>> sizes.comment((1009, 1301, 128), (2003, 2309, 22))
        '[batch, time, 2 * units]'
        """
        texts = []
        for one, other in zip(shape, other_shape, strict=True):
            if one == other:
                texts.append(str(one))
            else:
                texts.append(_combination(one, other, self.axes)[0] or "...")
        return f"[{', '.join(texts)}]"


def _as_list(value):
    return [_as_list(one) for one in value] if isinstance(value, list | tuple) else value


def _combination(one, other, names):
    """The simplest sum of sizes that is `one` in a model, and `other` in the other model.

    Returns:
        The sum as text, or None, and the names in it.
    """
    names = {name: pair for name, pair in names.items() if isinstance(pair[0], int)}
    for name, pair in names.items():
        if pair == (one, other):
            return name, [name]
    for factor, (name, pair) in itertools.product((2, 3, 4, 6), names.items()):
        if (factor * pair[0], factor * pair[1]) == (one, other):
            return f"{factor} * {name}", [name]
    for m, n in itertools.product((1, 2, 3, 4), repeat=2):
        for (a, (a1, a2)), (b, (b1, b2)) in itertools.permutations(names.items(), 2):
            if (m * a1 + n * b1, m * a2 + n * b2) == (one, other):
                return f"{_times(m, a)} + {_times(n, b)}", [a, b]
    for m, (name, pair) in itertools.product((1, 2, 3, 4), names.items()):
        rest = one - m * pair[0]
        if rest == other - m * pair[1] and rest:
            return f"{_times(m, name)} {'+' if rest > 0 else '-'} {abs(rest)}", [name]
    return None, []


def _times(factor, name):
    return name if factor == 1 else f"{factor} * {name}"
