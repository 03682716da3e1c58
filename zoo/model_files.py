"""Files `model.keras`: written without the optimizer, opened without running anything in them."""

import contextlib
import copy
import inspect
import io
import json
import zipfile

from zoo.errors import InputError
from zoo.registry import build_arguments, list_models, rebuild, register_classes, without_defaults

REGISTER = "@keras.saving.register_keras_serializable()"
NOT_CLASSES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__")
NOT_CLASSES += ("__slice__", "__typespec__")
SIZES = ("units", "filters", "input_dim", "output_dim")


def write(model, path):
    """Writes a model as a `.keras` file, without its optimizer, and makes sure that `read` opens it.

    Args:
        model: a `keras.Model`.
        path: a `pathlib.Path` that ends with `.keras`.

    Returns:
        What `zoo.registry.build_arguments` says of the model, None if it was changed by hand.

    Raises:
        ValueError: the model cannot be saved, or what is saved cannot be opened again by a program
            that does not know its classes; the message names the layer and says what to do.

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
        reason = " ".join(str(error).split())[:400]
        advice = f"A layer of your own needs {REGISTER} and get_config."
        raise InputError(f"The model cannot be saved: {reason} {advice}") from error
    if problem:
        raise InputError(f"The model cannot be saved: {problem}")
    return None


def _difference(model, again):
    """What to do if a model gives other numbers once it has been saved and opened, else None."""
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
    except Exception:  # a model of other inputs than these ones can be
        return None
    if are_equal(before, after) or not are_equal(before, once_more):  # it draws random numbers
        return None
    return (
        "opened again, it gives other numbers. What a layer computes must depend on its inputs, its "
        "weights and what get_config returns alone."
    )


@contextlib.contextmanager
def _without_optimizer(model):
    """Hides the optimizer, which may be twice as large as the model."""
    before = {name: getattr(model, name, None) for name in ("optimizer", "compiled")}
    model.optimizer, model.compiled = None, False
    try:
        yield
    finally:
        model.optimizer, model.compiled = before["optimizer"], before["compiled"]


def _objects(config, layer="model"):
    """Each object in a config that Keras will look for, with its name and that of its layer."""
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
    """Whether an object is Keras's own, or of a class that the running program has registered."""
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
    """What will not open again, and what to do, for the config of a model to be saved."""
    import keras

    for one, name, layer in _objects(config):
        if name == "__lambda__":
            yield f"layer {layer!r} has a Python lambda, which is never loaded. Write a class instead."
        elif not _is_known(one):
            yield f"layer {layer!r} needs {name}, which will not be found. Write {REGISTER} above it."
        elif isinstance(one["config"], dict):
            its_class = keras.saving.get_registered_object(one.get("registered_name") or name)
            missing = _arguments(its_class) - set(one["config"])
            if missing:
                missing = ", ".join(sorted(missing))
                yield f"layer {layer!r} needs {missing}, which get_config of {name} must return."


def _arguments(its_class):
    """What `__init__` of a person's own layer takes and `get_config` must therefore give."""
    import keras

    is_layer = inspect.isclass(its_class) and issubclass(its_class, keras.layers.Layer)
    if not is_layer or issubclass(its_class, keras.Model):
        return set()
    if its_class.from_config.__func__ is not keras.layers.Layer.from_config.__func__:
        return set()  # it may know other ways
    parameters = list(inspect.signature(its_class.__init__).parameters.values())[1:]
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {parameter.name for parameter in parameters if parameter.kind not in several}


def leave_out_defaults(path):
    """Shortens the config in a `.keras` file, so that more versions of Keras can read it."""
    new = path.with_name(f".{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w") as file:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(without_defaults(json.loads(content)))
            file.writestr(name, content)
    new.replace(path)


def read(path, build=None):
    """The model in a `.keras` file: built again if `build` is known, else made as its config says.

    Nothing in the file is run as code. Layers may come from Keras, from the zoo, or from classes that
    your program has registered. A file cannot cause an import.

    Args:
        path: a `pathlib.Path`.
        build: what `write` returned.

    Returns:
        A `keras.Model`, not compiled.

    Raises:
        ValueError: the file is damaged, is not of this model, needs a class that is not known, or its
            weights are not all numbers. What Keras raises about a damaged file comes as it is.
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
    """Refuses sizes that the weights of a file cannot have, before memory for them is taken."""
    arguments = build.get("arguments") if isinstance(build, dict) else None
    if not isinstance(arguments, dict) or build.get("type") not in list_models():
        raise InputError(f"build must have a type, precision and arguments. Received: {build!r:.80}")
    _check_sizes(arguments, num_weights)
    units, num_layers = arguments.get("units", 1), arguments.get("num_layers", 1)
    with contextlib.suppress(TypeError):  # which `zoo.build` explains
        if units**2 * num_layers > num_weights:
            raise InputError(
                f"build has units={units}, num_layers={num_layers}, but there are {num_weights} weights"
            )


def _check_sizes(arguments, num_weights):
    largest = max(num_weights, 100_000)  # arguments that are not used keep their default
    for name, value in arguments.items():
        numbers = value.get("zeros", []) if isinstance(value, dict) else value  # of embeddings
        for number in numbers if isinstance(numbers, list) else [numbers]:
            if isinstance(number, int) and abs(number) > largest and name != "mask_value":
                raise InputError(f"a layer has {name}={value}, but there are {num_weights} weights")
