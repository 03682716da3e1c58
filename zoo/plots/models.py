"""Plots of a model and of its training.

`zoo copy --standalone --notebook` copies these functions, so they use only Keras and matplotlib.
"""


def plot_model(model):
    """Draws the layers of a model as boxes, with arrows from its inputs down to its output.

    Each box has the name of the layer, its kind, and the shape of its first output. Recurrent layers
    are orange. The graph of a subclass of `keras.Model` is not known, so its layers have no arrows.

    Args:
        model: any `keras.Model`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import zoo
    >>> figure = plot_model(zoo.build("one_to_one", units=8))
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()][1]
    'rnn_0\\nLSTM (None, 8)'
    """
    import keras
    import matplotlib.pyplot as plt

    above, layers = {}, {}  # for each box: the boxes above it whose output it reads, and its layer

    def visit(tensor):
        """Follows a tensor up to the boxes that it comes from, and returns them. Masks have none."""
        layer, number, _ = tensor._keras_history
        box = layer._inbound_nodes[number]  # a layer that is called twice has two boxes
        if box not in above:
            sources = [one for one in box.input_tensors if one.dtype != "bool"]
            above[box] = [one for source in sources for one in visit(source)]
            if isinstance(layer, keras.Layer):
                layers[box] = layer, box.output_tensors[0].shape
        return [box] if box in layers else above[box]  # an operation, such as a sum, is no box

    for output in getattr(model, "outputs", None) or []:
        visit(output)
    row = dict.fromkeys(layers, 0)  # from the bottom
    for box in reversed(layers):  # in this order, a box comes before those that it reads
        for source in above[box]:
            row[source] = max(row[source], row[box] + 1)
    if not layers:
        layers = {one: (one, "") for one in model.layers}
        row = {one: -i for i, one in enumerate(layers, start=1 - len(layers))}
    rows = [[box for box in layers if row[box] == i] for i in range(max(row.values()) + 1)]
    place = {box: (i - len(some) / 2, row[box]) for some in rows for i, box in enumerate(some)}
    width = max(map(len, rows))
    figure, axes = plt.subplots(figsize=(3 * width + 1, 0.8 * len(rows)), layout="constrained")
    for box, (x, y) in place.items():
        layer, shape = layers[box]
        inner = getattr(layer, "forward_layer", getattr(layer, "layer", layer))
        inner = layer.cell if type(layer) is keras.layers.RNN else inner  # a cell of your own
        kind = type(layer).__name__ + f" of {type(inner).__name__}" * (inner is not layer)
        is_recurrent = any(isinstance(one, keras.layers.RNN) for one in (layer, inner))
        color = "navajowhite" if is_recurrent else "aliceblue"
        style = {"boxstyle": "round", "facecolor": color, "edgecolor": "gray"}
        text = f"{layer.name}\n{kind} {shape}".strip()
        axes.text(x, y, text, ha="center", va="center", fontsize=8, bbox=style)
        for source in above.get(box, ()):  # an arrow from the bottom of one to the top of the other
            bend = f"arc3,rad={0.15 * (row[source] - y > 1)}"
            arrow = {"arrowstyle": "<-", "color": "gray", "connectionstyle": bend}
            begin, end = (place[source][0], row[source] - 0.2), (x, y + 0.2)
            axes.annotate("", begin, end, arrowprops=arrow, zorder=0)
    axes.set(xlim=(-width / 2 - 0.5, width / 2 - 0.5), ylim=(-0.6, len(rows) - 0.4))
    axes.axis("off")
    return figure


def plot_history(history):
    """Plots how a training went: a panel for each measure, with a line for each split.

    Args:
        history: a dict of names, such as `"loss"` and `"val_loss"`, to a number for each epoch.

    Returns:
        A `matplotlib.figure.Figure`, with the panels from left to right.

    Example:

    >>> figure = plot_history({"loss": [2.0, 1.5], "val_loss": [2.1, 1.8], "val_f1": [0.3, 0.4]})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'f1']
    """
    import matplotlib.pyplot as plt

    measures = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    size = (5 * len(measures), 3.5)
    figure, panels = plt.subplots(1, len(measures), figsize=size, squeeze=False, layout="constrained")
    for axes, measure in zip(panels[0], measures, strict=True):
        for name, split in ((measure, "training"), (f"val_{measure}", "validation")):
            if name in history:
                epochs = range(1, len(history[name]) + 1)
                axes.plot(epochs, history[name], marker="o", label=split)
        axes.set(xlabel="epoch", ylabel=measure)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
