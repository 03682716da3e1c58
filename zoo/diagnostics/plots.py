"""Plots of the numbers that `zoo.diagnostics.numbers` computes."""

import numpy as np

from zoo.diagnostics.numbers import singular_values


def plot_states(states, labels=None):
    """Plots states over time as a heat map, with a column for each step and a row for each unit.

    Args:
        states: `[time, units]` of one sequence, see `hidden_states`.
        labels: a str for each step, such as its word. None means numbers.

    Returns:
        A `matplotlib.figure.Figure`: red above 0, blue below.

    Example:

    >>> plot_states(np.zeros((2, 8)), ["not", "good"]).axes[0].get_xlabel()
    'step'
    """
    return _heat_maps({"state": states}, "hidden state", labels, vmin=-1, vmax=1, cmap="RdBu_r")


def plot_gates(gates, labels=None):
    """Plots gates over time as heat maps, which are dark where a gate is open.

    Args:
        gates: a dict of the name of a gate to `[time, units]` of one sequence, all between 0 and 1, see
            `gate_activations`.
        labels: a str for each step, such as its word. None means numbers.

    Returns:
        A `matplotlib.figure.Figure` with a panel for each gate.

    Example:

    >>> figure = plot_gates({"update": np.ones((2, 8)), "reset": np.ones((2, 8))}, ["not", "good"])
    >>> [axis.get_title() for axis in figure.axes[:2]]
    ['update', 'reset']
    """
    return _heat_maps(gates, "gate: 0 shut, 1 open", labels, vmin=0, vmax=1, cmap="Greys")


def _heat_maps(panels, meaning, labels, **colors):
    import matplotlib.pyplot as plt
    import matplotlib.ticker

    size = (2 + 5 * len(panels), 4.5)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, layout="constrained")
    for axis, (name, values) in zip(axes[0], panels.items(), strict=True):
        image = axis.imshow(np.transpose(values), aspect="auto", interpolation="nearest", **colors)
        axis.set(title=name, xlabel="step", ylabel="unit")
        axis.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        if labels is not None:
            axis.set_xticks(range(len(labels)), labels, rotation=90)
    figure.colorbar(image, ax=axes, label=meaning)
    return figure


def plot_gradient_norms(norms):
    """Plots the norm of the gradient at the state of each step, on a logarithmic axis.

    Args:
        norms: a dict of a name, such as the name of a cell, to `[time]`, see `gradient_norms`.

    Returns:
        A `matplotlib.figure.Figure` with a curve for each name. Norms of 0 are left out.

    Example:

    >>> figure = plot_gradient_norms({"gru": 0.9 ** np.arange(20, 0, -1)})
    >>> figure.axes[0].get_yscale()
    'log'
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, values in norms.items():
        axis.plot(range(1, len(values) + 1), values, label=name, linewidth=2)
    axis.set(xlabel="step t", ylabel="norm of dL/ds at step t", yscale="log")
    axis.legend()
    return figure


def plot_singular_values(jacobians):
    """Plots the largest singular value of each J_t, and of the product J_T ... J_t up to the end.

    Args:
        jacobians: a dict of a name, such as the name of a cell, to `[time, state, state]`, see
            `zoo.diagnostics.jacobians`.

    Returns:
        A `matplotlib.figure.Figure` with two panels and a curve for each name. A dotted line marks 1.
        Below it a gradient shrinks.

    Example:

    >>> figure = plot_singular_values({"0.5": np.full((20, 1, 1), 0.5)})
    >>> [axis.get_title() for axis in figure.axes]
    ['one step, $J_t$', 'all steps to the end, $J_T ... J_t$']
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    titles = ("one step, $J_t$", "all steps to the end, $J_T ... J_t$")
    for name, values in jacobians.items():
        for axis, some in zip(axes, singular_values(values[None]), strict=True):
            axis.plot(range(1, len(values) + 1), some[0, :, 0], label=name, linewidth=2)
    for axis, title in zip(axes, titles, strict=True):
        axis.axhline(1, color="grey", linestyle="dotted")
        axis.set(title=title, xlabel="step t", ylabel="greatest singular value")
    axes[0].set_ylim(0, None)
    axes[1].set_yscale("log")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure
