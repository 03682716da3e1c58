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
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()][2]
    'rnn_0\\nLSTM (None, 8)'
    """
    import keras
    import matplotlib.pyplot as plt

    above, shapes = {}, {}  # for each layer: the layers whose output it reads, and its own output

    def visit(tensor):
        """Follows a tensor up to its layers, and returns them. Masks are left out."""
        layer, number, _ = tensor._keras_history
        node = layer._inbound_nodes[number]
        if not isinstance(layer, keras.Layer):  # an operation, such as a sum
            sources = [one for one in node.input_tensors if one.dtype != "bool"]
            return [one for source in sources for one in visit(source)]
        if layer not in above:
            above[layer], shapes[layer] = [], node.output_tensors[0].shape
            for source in node.input_tensors:
                above[layer] += visit(source) if source.dtype != "bool" else []
        return [layer]

    for output in getattr(model, "outputs", None) or []:
        visit(output)
    order = list(above) or list(model.layers)  # a layer comes before those that it reads
    row = {layer: i for i, layer in enumerate(order)} if not above else {}
    while len(row) < len(order):  # the row of a layer is above all layers that read it
        for layer in order:
            readers = [one for one in order if layer in above[one]]
            if layer not in row and all(one in row for one in readers):
                row[layer] = 1 + max((row[one] for one in readers), default=-1)
    rows = [[one for one in order if row[one] == i] for i in range(max(row.values()) + 1)]
    place = {one: (i - len(r) / 2, row[one]) for r in rows for i, one in enumerate(r)}
    width = max(map(len, rows))
    figure, axes = plt.subplots(figsize=(3 * width + 1, 0.8 * len(rows)), layout="constrained")
    for layer, (x, y) in place.items():
        inner = getattr(layer, "forward_layer", getattr(layer, "layer", layer))
        inner = layer.cell if type(layer) is keras.layers.RNN else inner  # a cell of your own
        kind = type(layer).__name__ + f" of {type(inner).__name__}" * (inner is not layer)
        color = (
            "navajowhite"
            if any(isinstance(one, keras.layers.RNN) for one in (layer, inner))
            else "aliceblue"
        )
        text = f"{layer.name}\n{kind} {shapes.get(layer, '')}".strip()
        box = {"boxstyle": "round", "facecolor": color, "edgecolor": "gray"}
        axes.text(x, y, text, ha="center", va="center", fontsize=8, bbox=box)
        for source in above.get(layer, ()):  # from the bottom of one box to the top of the other
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
