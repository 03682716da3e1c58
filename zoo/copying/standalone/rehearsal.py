"""Runs a recipe up to its training, to learn what it has chosen."""

import contextlib
import inspect
import unittest.mock

import zoo


class _Rehearsed(Exception):
    """Ends a rehearsal."""


def rehearse(recipe, config, note_load):
    """Runs a recipe up to the first training.

    Args:
        recipe: the module of the recipe.
        config: its `Config`.
        note_load: a function that is called after a loader: with its name, its arguments by name, and
            its result, before the recipe changes it.

    Returns:
        The config with the settings that fit the data. And the calls of `zoo.build`: a list of dicts
        with the name of the type, the other arguments, and the model.
    """
    loaders = [name for name in zoo.datasets.__all__ if name.startswith("load_")]
    calls = {name: [] for name in ("choose", "build", *loaders)}

    def record(module, name):
        function = getattr(module, name)

        def call(*args, **kwargs):
            result = function(*args, **kwargs)
            bound = inspect.signature(function).bind(*args, **kwargs)
            bound.apply_defaults()
            calls[name].append((bound.arguments, result))
            if name in loaders:
                note_load(name, bound.arguments, result)
            return result

        return unittest.mock.patch.object(module, name, call)

    def stop(*args, **kwargs):
        raise _Rehearsed

    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(_Rehearsed))
        stack.enter_context(unittest.mock.patch.object(zoo.training, "check_model", stop))
        for module, name in ((zoo.recipe, "choose"), (zoo, "build")):
            stack.enter_context(record(module, name))
        for name in loaders:
            stack.enter_context(record(zoo.datasets, name))
        recipe.main(config)
    config = calls["choose"][-1][1] if calls["choose"] else config
    builds = [
        {
            "name": arguments["name"],
            "arguments": {"cell": arguments["cell"], **arguments["config"]},
            "model": model,
        }
        for arguments, model in calls["build"]
    ]
    return config, builds
