"""Plots of models, their training, their scores and their attention."""

from zoo.plots.attention import plot_attention, plot_attention_over_images
from zoo.plots.images import plot_captions, plot_images
from zoo.plots.models import plot_history, plot_model
from zoo.plots.scores import plot_confusion, plot_losses, plot_scores, plot_series
from zoo.plots.speech import plot_spikes
from zoo.plots.video import plot_labels, plot_strips

__all__ = [
    "plot_attention",
    "plot_attention_over_images",
    "plot_captions",
    "plot_confusion",
    "plot_history",
    "plot_images",
    "plot_labels",
    "plot_losses",
    "plot_model",
    "plot_scores",
    "plot_series",
    "plot_spikes",
    "plot_strips",
]
