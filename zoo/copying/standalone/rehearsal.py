"""Runs a recipe up to its training, to learn what it has chosen."""

import contextlib
import inspect
import unittest.mock

import zoo


class _Rehearsed(Exception):
    """Ends a rehearsal."""


def rehearse(recipe, config):
    """Runs a recipe up to the first training.

    Args:
        recipe: the module of the recipe.
        config: its `Config`.

    Returns:
        The config with the settings that fit the data. The calls of loaders: a list of tuples (name of
        the loader, arguments by name, result). And the calls of `zoo.build`, a list of dicts of
        arguments by name.
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
    loads = [(name, *call) for name in loaders for call in calls[name]]
    builds = [
        {key: value for key, value in arguments.items() if key != "config"} | arguments["config"]
        for arguments, _ in calls["build"]
    ]
    return config, loads, builds
