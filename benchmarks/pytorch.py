"""PyTorch's own layers with the weights of a model of the zoo, for speed.py and gpu.py.

They compute the same as the model. PyTorch is optional, and TORCH says whether it is installed.
TensorFlow is not needed.
"""

import importlib.util

import keras
import numpy as np

TORCH = importlib.util.find_spec("torch") is not None
if TORCH:
    import torch
    from torch import nn


def build_torch(model, cell):
    """A dict from the names of a model's layers to PyTorch layers with the same weights."""
    modules = nn.ModuleDict()
    rnn = {"simple_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.Embedding):
            module = nn.Embedding(*weights[0].shape)
        elif isinstance(layer, keras.layers.Dense):
            module = nn.Linear(*weights[0].shape, bias=len(weights) == 2)
            weights[0] = weights[0].T
        elif isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional)):
            sizes = len(weights[0]), len(weights[1])
            module = rnn(*sizes, batch_first=True, bidirectional=len(weights) == 6)
            directions = [weights[i : i + 3] for i in range(0, len(weights), 3)]
            weights = [value for direction in directions for value in as_torch(cell, *direction)]
        else:
            continue
        with torch.no_grad():
            for parameter, value in zip(module.parameters(), weights, strict=True):
                parameter.copy_(torch.tensor(value))
        modules[layer.name] = module
    return modules


def as_torch(cell, kernel, recurrent_kernel, bias):
    """Weights of a layer in PyTorch's order. A GRU's gates are r, z, n there, and z, r, n in Keras."""
    if cell == "gru":
        kernel, recurrent_kernel, bias = (
            np.concatenate([np.split(w, 3, axis=-1)[i] for i in (1, 0, 2)], axis=-1)
            for w in (kernel, recurrent_kernel, bias)
        )
    bias, recurrent_bias = bias if cell == "gru" else (bias, np.zeros_like(bias))
    return kernel.T, recurrent_kernel.T, bias, recurrent_bias


def make_adam(modules):
    """Adam with Keras's epsilon. It trains two biases in PyTorch's RNN and LSTM. Keras has only one."""
    return torch.optim.Adam(modules.parameters(), eps=1e-7, fused=True)


def torch_batch(kind, x, y):
    """Returns tokens, lengths and answers, the longest rows first. Answers at padding are -100."""
    columns = keras.tree.flatten(x)
    order = np.argsort(-(columns[0] != 0).sum(axis=1), kind="stable")
    columns, y = [column[order] for column in columns], y[order]
    y = y if kind == "many_to_one" else np.where(columns[-1] != 0, y, -100)
    lengths = [torch.tensor((column != 0).sum(axis=1)) for column in columns]
    return [torch.tensor(column) for column in columns], lengths, torch.tensor(y).long()


def torch_logits(kind, modules, tokens, lengths, packed):
    """Computes outputs before sigmoid or softmax: `[batch, 1]`, or `[batch, time, classes]`.

    The lengths must be on the CPU, because packing needs them there. Everything else may be on a GPU.
    The encoder's source is always packed, because its last states are needed.
    """

    def read(name, rnn, i, packed, states=None):
        x = modules[name](tokens[i])  # [batch, time, embedding_dim]
        if packed:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths[i], True, enforce_sorted=i == 0)
        return modules[rnn](x, states)

    if kind == "encoder_decoder":
        _, states = read("source_embedding", "encoder_0", 0, True)
        outputs, _ = read("target_embedding", "decoder_0", 1, packed, states)
    else:
        outputs, states = read("embedding", "rnn_0", 0, packed)
    if kind == "many_to_one" and packed:
        outputs = (states[0] if isinstance(states, tuple) else states)[-1]  # [batch, units]
    elif kind == "many_to_one":
        rows = torch.arange(len(outputs), device=outputs.device)
        outputs = outputs[rows, lengths[0].to(outputs.device) - 1]  # [batch, units]
    elif packed:
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, True, total_length=tokens[-1].shape[1])
    return modules["probabilities"](outputs)


def torch_loss(kind, logits, y):
    if kind == "many_to_one":
        return nn.functional.binary_cross_entropy_with_logits(logits, y.float())
    return nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())  # it leaves out -100
