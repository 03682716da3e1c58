"""The file `model.keras`, which is opened without running any code from it."""

import contextlib
import copy
import io
import json
import zipfile

from zoo.configs import arguments_of, without_defaults
from zoo.errors import InputError, one_line
from zoo.registry import build_arguments, rebuild, register_classes

REGISTER = "@keras.saving.register_keras_serializable()"
# Keras writes these names instead of a class: for tensors, arrays, bytes, slices.
NOT_CLASSES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__")
NOT_CLASSES += ("__slice__", "__typespec__")
SIZES = ("units", "filters", "input_dim", "output_dim")  # arguments of layers


def write(model, path):
    """Writes a model as a `.keras` file, and makes sure that `read` can open it.

    The optimizer is not written.

    Args:
        model: a `keras.Model`.
        path: a `pathlib.Path` that ends with `.keras`.

    Returns:
        The result of `zoo.registry.build_arguments`, a dict. None if the model was changed by hand.

    Raises:
        ValueError: the model cannot be saved, or another program could not open the saved model
            because it does not have the model's classes. The message names the layer and says what to
            do.

    Example:

    >>> import keras, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.keras"
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1, name="plus")])
    >>> write(model, path)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The model cannot be saved: layer 'plus' has a Python lambda, ...
    """
    import keras

    build = build_arguments(model)
    if build:
        alike = rebuild(build)
        alike.set_weights(model.get_weights())
        problem = next(_problems(build), None)
        if not problem and isinstance(build["arguments"]["cell"], dict):
            problem = _difference(model, alike)
        if problem:
            raise InputError(f"The model cannot be saved: {problem}")
        alike.save(path)
        leave_out_defaults(path)
        return build
    try:
        with _without_optimizer(model):
            model.save(path)
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read("config.json"))
        problem = next(_problems(config), None)
        if not problem:
            leave_out_defaults(path)
            again = keras.saving.load_model(path, compile=False, safe_mode=True)
            problem = _difference(model, again)
    except OSError:  # the disk, not the model
        raise
    except Exception as error:  # whatever its own layers raise
        reason = one_line(error).rsplit("Exception encountered: ", 1)[-1][:400]
        advice = f"A layer of your own needs {REGISTER} and get_config."
        raise InputError(f"The model cannot be saved: {reason} {advice}") from error
    if problem:
        raise InputError(f"The model cannot be saved: {problem}")
    return None


def _difference(model, again):
    """Compares the outputs of two models. Returns what to do if they differ, or None."""
    import keras
    import numpy as np

    def answer(one):
        inputs = [np.ones([size or 2 for size in x.shape], x.dtype) for x in one.inputs]
        outputs = one(inputs if len(inputs) > 1 else inputs[0])
        return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]

    def are_equal(some, others):
        return all(map(np.allclose, some, others))

    try:
        before, once_more, after = map(answer, (model, model, again))
    except Exception:  # the model cannot read inputs of ones
        return None
    if are_equal(before, after):
        return None
    if not are_equal(before, once_more):  # the model draws random numbers
        return None
    return (
        "after it is opened again, it gives different numbers. The output of a layer may depend only "
        "on its inputs, its weights and the values that get_config returns."
    )


@contextlib.contextmanager
def _without_optimizer(model):
    """Takes the optimizer away inside a `with` block. It can be twice as large as the model."""
    before = {name: getattr(model, name, None) for name in ("optimizer", "compiled")}
    model.optimizer, model.compiled = None, False
    try:
        yield
    finally:
        model.optimizer, model.compiled = before["optimizer"], before["compiled"]


def _objects(config, layer="model"):
    """Yields each part of a config that names a class or function: (part, that name, its layer)."""
    if isinstance(config, list):
        for one in config:
            yield from _objects(one, layer)
    if not isinstance(config, dict):
        return
    if isinstance(config.get("class_name"), str) and "config" in config:
        inner = config["config"]
        layer = inner.get("name", layer) if isinstance(inner, dict) else layer
        yield config, inner if config["class_name"] == "function" else config["class_name"], layer
    for key, value in config.items():
        if key != "compile_config":
            yield from _objects(value, layer)


def _is_known(one):
    """Whether an object belongs to Keras or to a class that the running program has registered."""
    import keras

    module = str(one.get("module"))
    is_keras = one["class_name"] in NOT_CLASSES or module.split(".")[0] == "keras"
    name = one.get("registered_name") or one["class_name"]
    if one["class_name"] == "function":
        name = one["config"]
        homes = (keras.activations, keras.initializers, keras.ops, keras.losses, keras.metrics)
        is_keras = is_keras or (
            module == "builtins" and any(hasattr(home, str(name)) for home in homes)
        )
    return is_keras or keras.saving.get_registered_object(name) is not None


def _problems(config):
    """Yields a text for each layer that could not be opened again. The text says what to do."""
    import keras

    for one, name, layer in _objects(config):
        if name == "__lambda__":
            yield f"layer {layer!r} has a Python lambda, which is never loaded. Write a class instead."
        elif not _is_known(one):
            yield f"layer {layer!r} needs {name}, which will not be found. Write {REGISTER} above it."
        elif isinstance(one["config"], dict):
            its_class = keras.saving.get_registered_object(one.get("registered_name") or name)
            missing = arguments_of(its_class) - set(one["config"])
            if missing:
                missing = ", ".join(sorted(missing))
                yield f"layer {layer!r} needs {missing}, which get_config of {name} must return."


def leave_out_defaults(path):
    """Removes default values from the config in a `.keras` file, so more Keras versions can read it.

    Args:
        path: a `pathlib.Path` of the file, which is replaced.
    """
    new = path.with_name(f".{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w") as file:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(without_defaults(json.loads(content)))
            file.writestr(name, content)
    new.replace(path)


def read(path, build=None):
    """Opens the model in a `.keras` file.

    With `build`, the model is built again and gets the saved weights. Without it, Keras makes the model
    from the config in the file.

    Nothing in the file is run as code. Layers may come from Keras, from the zoo, or from classes that
    your program has registered. A file cannot cause an import.

    Args:
        path: a `pathlib.Path`.
        build: the dict that `write` returned, or None.

    Returns:
        A `keras.Model`, not compiled.

    Raises:
        ValueError: the file is damaged, does not belong to this model, needs a class that is not
            registered, or has weights that are not all numbers. If Keras itself fails on a damaged
            file, its own error is raised.
    """
    import h5py
    import keras
    import numpy as np

    register_classes()
    with zipfile.ZipFile(path) as file:
        for info in file.infolist():
            if info.file_size > max(100 * info.compress_size, 10**8):
                raise InputError(
                    f"{info.filename} in {path.name} would unpack to {info.file_size} bytes"
                )
        if bad := file.testzip():
            raise InputError(f"{bad} in {path.name} is damaged")
        config = json.loads(file.read("config.json"))
        with h5py.File(io.BytesIO(file.read("model.weights.h5"))) as weights:
            sizes = []
            weights.visititems(lambda name, item: sizes.append(getattr(item, "size", 0) or 0))
    for one, name, layer in _objects(build if build else config):
        if name == "__lambda__":
            raise InputError(f"layer {layer!r} is a Lambda with code, and code in a file is never run")
        if not _is_known(one):
            raise InputError(
                f"layer {layer!r} needs {name}: first import the module that has {REGISTER} above it"
            )
        is_config = isinstance(one["config"], dict)
        _check_sizes({name: one["config"].get(name) for name in SIZES if is_config}, sum(sizes))
    if build:
        _check_build(build, sum(sizes))
        model = rebuild(copy.deepcopy(build))
        model.load_weights(path)
    else:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    if not all(np.isfinite(np.asarray(array, "float32")).all() for array in model.get_weights()):
        raise InputError("its weights are not all numbers")
    return model


def _check_build(build, num_weights):
    """Refuses sizes that do not fit the weights in the file, before memory is used for them."""
    is_build = isinstance(build, dict) and {"type", "precision", "arguments"} <= set(build)
    if not is_build or not isinstance(build["arguments"], dict):
        raise InputError(f"build must have a type, precision and arguments. Received: {build!r:.80}")
    arguments = build["arguments"]
    _check_sizes(arguments, num_weights)
    units, num_layers = arguments.get("units", 1), arguments.get("num_layers", 1)
    is_own = isinstance(arguments.get("cell"), dict)  # it may have a few weights only
    with contextlib.suppress(TypeError):  # `zoo.build` will explain the wrong type
        if (max(units, num_layers) if is_own else units**2 * num_layers) > num_weights:
            raise InputError(
                f"build has units={units}, num_layers={num_layers}, but there are {num_weights} weights"
            )


def _check_sizes(arguments, num_weights):
    largest = max(num_weights, 100_000)  # an argument that is not used may have a larger default
    for name, value in arguments.items():
        numbers = value.get("zeros", []) if isinstance(value, dict) else value  # of embeddings
        for number in numbers if isinstance(numbers, list) else [numbers]:
            if isinstance(number, int) and abs(number) > largest and name != "mask_value":
                raise InputError(f"a layer has {name}={value}, but there are {num_weights} weights")
