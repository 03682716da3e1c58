"""Diagnostics of recurrent networks: states, gates, Jacobians and gradients, with their plots."""

from zoo.diagnostics.numbers import (
    gate_activations,
    gradient_norms,
    hidden_states,
    jacobians,
    singular_values,
    step_gradients,
    truncated_gradients,
)
from zoo.diagnostics.plots import (
    plot_gates,
    plot_gradient_norms,
    plot_singular_values,
    plot_states,
)

__all__ = [
    "gate_activations",
    "gradient_norms",
    "hidden_states",
    "jacobians",
    "plot_gates",
    "plot_gradient_norms",
    "plot_singular_values",
    "plot_states",
    "singular_values",
    "step_gradients",
    "truncated_gradients",
]
