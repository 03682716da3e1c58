"""How fast does the zoo train on a GPU, beside PyTorch's layers, and does it compute what the CPU does?

    KERAS_BACKEND=jax python benchmarks/gpu.py
    KERAS_BACKEND=torch python benchmarks/gpu.py --cell lstm --type many_to_one

It needs keras, numpy and jax or torch with their GPU packages; no TensorFlow and no dataset. Without a
GPU it runs on the CPU, and the rows say so. `many_to_one` and `encoder_decoder` (no attention), one
layer in one direction, are trained with Adam and clipped gradients, as the recipes train them, on
random tokens. Sequences are as long as those of IMDb (words and punctuation, cut to 400) and Multi30k.
A batch has 64 of similar length, padded on the right to 256, 400 or 24: XLA compiles for each.

ours      `fit` over the batches, under Keras's policy float32 or mixed_bfloat16.
PyTorch   a plain loop with nn.RNN, nn.LSTM or nn.GRU over the same batches, in bfloat16 under autocast.
          "packed" packs the sequences; "padded" packs only the encoder's source, whose last states are
          needed. The column setting says which was faster in the warm-up, and that one is measured.

They take turns, round by round, and the clock stops when the device has finished. Each multiplies
float32 as it does unasked: JAX and cuDNN in TF32, PyTorch's other products in full. A figure is
training steps a second: the median over the rounds, with least and most. The first pass over the
batches, which compiles, is in the column warm-up seconds. "cudnn" is yes if the training step calls
cuDNN's recurrent layer: on JAX the program that XLA gets is searched for it, for PyTorch the profile of
a step.

max error is by how much the device differs from the CPU in float32, both with the same weights; see
`measure_error` and `tolerance`. Beyond the tolerance the exit status is 1. The rows go into gpu.csv as
they come; those of other devices, backends and combinations stay. What does not fit into --seconds is
named at the end, with how to measure it. With --smoke sizes are tiny, and only --output is written.
"""

import argparse
import datetime
import functools
import importlib.metadata
import importlib.util
import itertools
import math
import os
import pathlib
import platform
import shlex
import sys
import time
import traceback
import typing

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))  # the zoo need not be installed
    available = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
    os.environ.setdefault("KERAS_BACKEND", (available or ["jax"])[0])
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # leaves memory for PyTorch
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # PyTorch's profiler tells of each start and end

import keras
import numpy as np
from run import CELLS, read_results, write_csv

import zoo

TORCH = importlib.util.find_spec("torch") is not None
if TORCH:
    import torch
    from torch import nn

RESULTS = pathlib.Path(__file__).with_name("gpu.csv")
TYPES = ("many_to_one", "encoder_decoder")
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
LOSSES = {"many_to_one": "binary_crossentropy", "encoder_decoder": "sparse_categorical_crossentropy"}
KEY = ("device", "backend", "type", "cell", "units", "precision", "what")  # of a row
COLUMNS = [
    *KEY,
    *("setting", "unit", "median", "least", "most", "rounds", "warm-up seconds"),
    *("cudnn", "max error", "tolerance", "date", "versions", "command"),
]
# Tokens of the training rows, words and punctuation: least, the nine deciles, most. Those of a target
# count the start or the end token too.
LENGTHS = {
    "many_to_one": [(11, 109, 142, 160, 181, 208, 246, 302, 387, 547, 2803)],  # IMDb
    "encoder_decoder": [  # Multi30k, English and German
        (4, 9, 10, 11, 12, 12, 13, 15, 16, 19, 41),
        (3, 9, 10, 11, 12, 13, 14, 15, 17, 19, 46),
    ],
}


class Sizes(typing.NamedTuple):
    rounds: int = 5
    seconds: float = 0.2  # of a program in a round, at least
    units: tuple = (128, 1024)
    embedding_dim: int = 100
    vocabulary_size: int = 10000
    batch_size: int = 64
    steps: int = 4  # batches, from the shortest sequences to the longest
    lengths: tuple = ((256, 400), (24,))  # padded to, for each type; what is longer is cut


SMOKE = Sizes(2, 0.0, (8,), 6, 50, 4, 2, ((8,), (6,)))


class Combination(typing.NamedTuple):
    type: str
    cell: str
    units: int
    precision: str


# Data


def make_batches(kind, sizes):
    """Batches (inputs, answers) of random tokens, padded with 0 to few lengths, shortest first.

    Inputs are tokens `[batch, time]`, or source and target. A long source has a long target: both
    are of the same quantile.
    """
    rng = np.random.default_rng(0)
    few = sizes.lengths[TYPES.index(kind)]
    scale = few[-1] / Sizes().lengths[TYPES.index(kind)][-1]  # tiny sizes have short sequences
    n = sizes.steps * sizes.batch_size
    quantiles = (np.arange(n) + 0.5) / n  # not at random: so few would have another distribution
    columns = [np.interp(quantiles, np.linspace(0, 1, 11), deciles) for deciles in LENGTHS[kind]]
    rows = np.clip(scale * np.stack(columns, axis=-1), 1, few[-1]).astype(int)  # [rows, columns]
    rows = rows.reshape(sizes.steps, sizes.batch_size, -1)

    def draw(lengths, time):
        tokens = rng.integers(4, sizes.vocabulary_size, (len(lengths), time))
        return (tokens * (np.arange(time) < lengths[:, None])).astype("int32")  # [batch, time]

    batches = []
    for lengths in rows:
        time = min(n for n in few if n >= lengths.max())
        x = [draw(column, time) for column in lengths.T]
        if kind == "many_to_one":
            # Three of ten are 1: were it half, the gradient of the last bias would be next to nothing.
            y = (rng.permutation(len(lengths)) < len(lengths) * 3 // 10)[:, None].astype("int32")
        else:
            y = draw(lengths[:, -1], time)  # [batch, target time]
        batches.append((x if len(x) > 1 else x[0], y))
    return batches


# Ours


def build_ours(kind, cell, units, precision, sizes):
    config = {"embedding_dim": sizes.embedding_dim, "bidirectional": False}
    names = ["vocabulary_size"]
    if kind == "encoder_decoder":
        config["attention"] = "none"
        names = ["source_vocabulary_size", "target_vocabulary_size"]
    config |= dict.fromkeys(names, sizes.vocabulary_size)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        model = zoo.build(kind, cell=cell, units=units, **config)
    finally:
        keras.config.set_dtype_policy(before)
    model.compile(keras.optimizers.Adam(global_clipnorm=1.0), LOSSES[kind])  # as the recipes do
    return model


def train_ours(model, batches, passes=1):
    steps = itertools.chain.from_iterable(itertools.repeat(batches, passes))
    model.fit(
        (batch for batch in steps), steps_per_epoch=passes * len(batches), shuffle=False, verbose=0
    )
    wait(model)


def wait(model=None):
    """Until the device has finished: calls return when their work is queued."""
    if model and keras.backend.backend() == "jax":
        import jax

        jax.block_until_ready([v.value for v in model.variables + model.optimizer.variables])
    if TORCH and torch.cuda.is_available():
        torch.cuda.synchronize()


def has_cudnn(names):
    """Whether one of the names, or the text of a program, is that of cuDNN's recurrent layer."""
    return any("cudnn_rnn" in name for name in names)


def ours_has_cudnn(model, x, y):
    if keras.backend.backend() == "torch":
        return has_cudnn(profile(lambda: train_ours(model, [first_steps(x, y)])))
    import jax

    groups = (model.trainable_variables, model.non_trainable_variables)
    groups += (model.optimizer.variables, model.metrics_variables)
    state = [[variable.value for variable in group] for group in groups]
    return has_cudnn([jax.jit(model.train_step).lower(state, (x, y)).as_text()])


def first_steps(x, y):
    """The beginning of a batch, to profile: all steps run the same operators, hundreds take seconds."""
    return keras.tree.map_structure(lambda column: column[:, :4], (x, y))


def profile(run):
    """Names of all operators of PyTorch that run."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        run()
    return {event.key for event in profiler.key_averages()}


# PyTorch's: the same arithmetic


def build_torch(model, cell, device):
    """PyTorch's layers with the weights of a model of the zoo, by the names of its layers."""
    modules = nn.ModuleDict()
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.Embedding):
            module = nn.Embedding(*weights[0].shape)
        elif isinstance(layer, keras.layers.Dense):
            module, weights[0] = nn.Linear(*weights[0].shape), weights[0].T
        elif isinstance(layer, keras.layers.RNN):
            rnn = {"simple_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
            module = rnn(len(weights[0]), len(weights[1]), batch_first=True)
            weights = as_torch(cell, *weights)
        else:
            continue
        with torch.no_grad():
            for parameter, value in zip(module.parameters(), weights, strict=True):
                parameter.copy_(torch.tensor(np.ascontiguousarray(value)))
        modules[layer.name] = module
    return modules.to(device)


def as_torch(cell, kernel, recurrent_kernel, bias):
    """Weights of a recurrent layer as PyTorch has them: a GRU's gates are r, z, n, in Keras z, r, n."""
    if cell == "gru":
        kernel, recurrent_kernel, bias = (
            np.concatenate([np.split(w, 3, axis=-1)[i] for i in (1, 0, 2)], axis=-1)
            for w in (kernel, recurrent_kernel, bias)
        )
    bias, recurrent_bias = bias if cell == "gru" else (bias, np.zeros_like(bias))
    return kernel.T, recurrent_kernel.T, bias, recurrent_bias


def torch_batch(x, y):
    """Columns of tokens, their lengths, and answers, as tensors."""
    columns = [torch.tensor(column) for column in keras.tree.flatten(x)]
    return columns, [(column != 0).sum(axis=1) for column in columns], torch.tensor(y).long()


def torch_logits(kind, modules, tokens, lengths, packed):
    """Before sigmoid or softmax: `[batch, 1]`, or `[batch, time, vocabulary_size]`."""

    def read(name, rnn, i, packed, states=None):
        x = modules[name](tokens[i])  # [batch, time, embedding_dim]
        if packed:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths[i], True, enforce_sorted=False)
        return modules[rnn](x, states)

    if kind == "many_to_one":
        outputs, states = read("embedding", "rnn_0", 0, packed)
        if packed:
            outputs = (states[0] if isinstance(states, tuple) else states)[-1]  # [batch, units]
        else:
            rows = torch.arange(len(outputs), device=outputs.device)
            outputs = outputs[rows, lengths[0].to(outputs.device) - 1]  # [batch, units]
    else:
        _, states = read("source_embedding", "encoder_0", 0, True)
        outputs, _ = read("target_embedding", "decoder_0", 1, packed, states)
        if packed:  # as long as the padded target
            outputs, _ = nn.utils.rnn.pad_packed_sequence(
                outputs, True, total_length=tokens[1].shape[1]
            )
    return modules["probabilities"](outputs)


def torch_loss(kind, logits, tokens, y):
    if kind == "many_to_one":
        return nn.functional.binary_cross_entropy_with_logits(logits, y.float())
    y = torch.where(tokens[-1] != 0, y, -100)  # padding is ignored
    return nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())


def run_torch(kind, modules, device, precision, packed, batch):
    """Logits of a batch, its tokens and its answers, on the device."""
    tokens, lengths, y = batch  # lengths stay on the CPU, where packing needs them
    tokens, y = [column.to(device, non_blocking=True) for column in tokens], y.to(device)
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        return torch_logits(kind, modules, tokens, lengths, packed), tokens, y


def train_torch(kind, modules, optimizer, device, precision, packed, batches, passes=1):
    for _, batch in itertools.product(range(passes), batches):
        optimizer.zero_grad()
        logits, tokens, y = run_torch(kind, modules, device, precision, packed, batch)
        torch_loss(kind, logits.float(), tokens, y).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    wait()


def torch_outputs(kind, modules, device, precision, packed, batch):
    with torch.inference_mode():
        logits, *_ = run_torch(kind, modules, device, precision, packed, batch)
        logits = logits.float()
        p = torch.sigmoid(logits) if kind == "many_to_one" else torch.softmax(logits, dim=-1)
        return p.cpu().numpy()


# The check against the CPU


@functools.lru_cache(maxsize=1)  # both precisions are compared with the same float32
def reference(kind, cell, units, sizes):
    """Of a model on the CPU in float32: its weights, its outputs, and how a step moves the weights."""
    keras.utils.set_random_seed(0)
    x, y = make_batches(kind, sizes)[0]
    with keras.device("cpu"):
        model = build_ours(kind, cell, units, "float32", sizes)
        return model.get_weights(), predict(model, x), take_step(model, x, y)


def predict(model, x):
    return np.asarray(model.predict_on_batch(x), "float32")


def take_step(model, x, y):
    """By how much a training step moves the weights of each layer, one vector a layer."""

    def flat_weights():
        layers = [layer.get_weights() for layer in model.layers]
        return [np.concatenate([w.ravel() for w in weights]) for weights in layers if weights]

    before = flat_weights()
    train_ours(model, [(x, y)])  # not train_on_batch, for which XLA would compile another program
    return [new - old for new, old in zip(flat_weights(), before, strict=True)]


def measure_error(x, outputs, expected, moved=(), expected_moved=()):
    """The largest of some relative errors: sums of absolute differences over sums of absolute values.

    That of the outputs at real tokens, less the mean of the expected: a new model gives everything
    nearly the same probability, and only what differs shows a mistake. And that of how a training step
    moved the weights, layer by layer: bfloat16 loses much of a single bias's gradient, which sums over
    all steps what nearly cancels.
    """
    if isinstance(x, list):  # source and target
        outputs, expected = outputs[x[1] != 0], expected[x[1] != 0]  # [tokens, vocabulary_size]
    mean = expected.mean(axis=0)
    pairs = [(outputs - mean, expected - mean), *zip(moved, expected_moved, strict=True)]
    errors = [np.abs(a - b).sum() / np.abs(b).sum() for a, b in pairs]
    return float(np.max(errors))  # not a number if one is none


def tolerance(precision, x):
    """What `measure_error` may be.

    To round a number is to change it by up to 2^-11 of it in TF32, in which GPUs may multiply float32
    (11 significant bits), and by up to 2^-8 in bfloat16 (8 bits). These errors are as often up as down,
    so that over the n steps from the first token to the last they grow like the root of n; a product of
    long rows does not add to that, because its terms grow likewise. Four times as much is allowed: the
    largest of several errors counts. On a CPU, rounded to bfloat16, or to TF32 by hand, each cell with
    128 units, and SimpleRNN and LSTM with 1024 in many_to_one, were at a quarter of it or below. A
    wrong gate, mask or gradient is far above.
    """
    roundoff = {"float32": 2.0**-11, "bfloat16": 2.0**-8}[precision]
    steps = sum(column.shape[1] for column in keras.tree.flatten(x))
    return 4 * roundoff * steps**0.5


# Measuring


def device_type():
    """Of what Keras runs on: "cpu", or for instance "gpu" on JAX and "cuda" on PyTorch."""
    if keras.backend.backend() == "torch":
        return keras.ops.zeros(1).device.type
    import jax

    return jax.devices()[0].platform


def device_name():
    """A card's name, or cpu."""
    if device_type() == "cpu":
        return "cpu"
    if keras.backend.backend() == "torch":
        return torch.cuda.get_device_name()
    import jax

    return jax.devices()[0].device_kind


def torch_device():
    """Where PyTorch runs beside Keras: "cpu" or "cuda", or None if it cannot use the same device."""
    if not TORCH or device_type() == "cpu":
        return "cpu" if TORCH else None
    return "cuda" if torch.cuda.is_available() else None


def seconds_of(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def alternate(programs, rounds, limit=3.0):
    """Seconds of a run of each program in each round, in turns; slow ones have three rounds only."""
    seconds, start = {name: [] for name in programs}, time.perf_counter()
    for i in range(rounds):
        if i >= 3 and time.perf_counter() - start > limit:
            break
        for name, run in programs.items():
            seconds[name].append(seconds_of(run))
    return seconds


def prepare_ours(model, batches, expected):
    """Checks and warms up; gives the program that trains and columns of its row."""
    (x, y), (outputs, moved) = batches[0], expected
    found = predict(model, x)
    start = time.perf_counter()
    error = measure_error(x, found, outputs, take_step(model, x, y), moved)
    train_ours(model, batches)
    columns = {"warm-up seconds": time.perf_counter() - start, "max error": error, "setting": "fit"}
    columns["cudnn"] = "yes" if ours_has_cudnn(model, x, y) else "no"
    return functools.partial(train_ours, model, batches), columns


def prepare_torch(model, batches, expected, combination, device):
    """The same of PyTorch's layers, packed or padded, whichever is faster; only outputs are checked."""
    kind, cell, _, precision = combination
    (x, y), (outputs, _) = batches[0], expected
    tensors, variants = [torch_batch(*batch) for batch in batches], {}
    for setting in ("packed", "padded"):
        modules = build_torch(model, cell, device)
        how = (device, precision, setting == "packed")
        error = measure_error(x, torch_outputs(kind, modules, *how, tensors[0]), outputs)
        # Keras's epsilon. PyTorch's RNN and LSTM have two biases where Keras's have one.
        optimizer = torch.optim.Adam(modules.parameters(), eps=1e-7, fused=True)
        train = functools.partial(train_torch, kind, modules, optimizer, *how)
        run = functools.partial(train, tensors)
        short = functools.partial(train, [torch_batch(*first_steps(x, y))])
        columns = {"warm-up seconds": seconds_of(run), "max error": error, "setting": setting}
        columns["cudnn"] = "yes" if has_cudnn(profile(short)) else "no"
        variants[seconds_of(run)] = run, columns
    return variants[min(variants)]


def measure(combination, sizes):
    """Rows of a combination, dicts of str: ours, and PyTorch's where it can run."""
    keras.backend.clear_session()
    kind, cell, units, _ = combination
    batches = make_batches(kind, sizes)
    weights, *expected = reference(kind, cell, units, sizes)
    model = build_ours(*combination, sizes)
    model.set_weights(weights)
    prepared = {"ours": None}  # PyTorch's first: it takes the weights before they are trained
    if torch_device():
        prepared["PyTorch"] = prepare_torch(model, batches, expected, combination, torch_device())
    prepared["ours"] = prepare_ours(model, batches, expected)
    programs, steps = {}, {}
    for name, (run, _) in prepared.items():
        # At least so long, because `fit` takes a while to begin, however short it is.
        passes = max(1, math.ceil(sizes.seconds / seconds_of(run)))
        programs[name], steps[name] = functools.partial(run, passes=passes), passes * sizes.steps
    seconds = alternate(programs, sizes.rounds)
    rows = []
    for name, (_, columns) in prepared.items():
        speeds = steps[name] / np.array(seconds[name])
        row = {"what": name, "unit": "steps/s", "rounds": len(speeds)} | columns
        row |= {"median": np.median(speeds), "least": np.min(speeds), "most": np.max(speeds)}
        row |= {"tolerance": tolerance(combination.precision, batches[0][0])} | combination._asdict()
        rows.append({k: f"{v:.4g}" if isinstance(v, float) else str(v) for k, v in row.items()})
    return rows


# What is asked for, and what is written


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, choices in (("type", TYPES), ("cell", CELLS), ("precision", tuple(POLICIES))):
        parser.add_argument(f"--{name}", action="append", choices=choices, help="may be repeated")
    parser.add_argument("--units", action="append", type=int, help="default: 128 and 1024")
    parser.add_argument("--seconds", type=float, default=200.0, help="of all, about (default: 200)")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, one cell")
    parser.add_argument("--output", type=pathlib.Path, help="CSV (default: benchmarks/gpu.csv)")
    options = parser.parse_args(argv)
    if not options.seconds > 0:
        parser.error(f"argument --seconds: must be above 0. Received: {options.seconds}")
    for units in options.units or ():
        if units < 1:
            parser.error(f"argument --units: must be at least 1. Received: {units}")
    if options.output and not options.output.parent.is_dir():
        parser.error(f"argument --output: there is no folder {options.output.parent}. Make it first.")
    return options


def combinations(options, sizes):
    """What is to be measured, the most used first; both precisions of a model side by side."""
    cells = options.cell or (("lstm",) if options.smoke else ("lstm", "gru", "simple_rnn"))
    chosen = itertools.product(
        cells, options.units or sizes.units, options.type or TYPES, options.precision or POLICIES
    )
    return [Combination(kind, cell, units, precision) for cell, units, kind, precision in chosen]


def describe(options):
    """Columns that all rows share."""
    backend = keras.backend.backend()
    words = []
    for name in ("type", "cell", "units", "precision"):
        words += [word for value in getattr(options, name) or () for word in (f"--{name}", str(value))]
    words += ["--smoke"] * options.smoke
    packages = dict.fromkeys(["keras", backend, "numpy", *["torch"] * TORCH])
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    if torch_device() == "cuda":
        versions.append(f"cuDNN of PyTorch {torch.backends.cudnn.version()}")
    return {
        "date": datetime.date.today().isoformat(),
        "device": device_name(),
        "backend": backend,
        "versions": ", ".join([f"python {platform.python_version()}", *versions]),
        "command": shlex.join([f"KERAS_BACKEND={backend}", "python", "benchmarks/gpu.py", *words]),
    }


def write(rows, path):
    """Into a CSV, whole or not at all; rows of other keys stay."""
    path, new = pathlib.Path(path), {tuple(row[name] for name in KEY) for row in rows}
    old = [row for row in read_results(path) if tuple(row[name] for name in KEY) not in new]
    orders = {"type": TYPES, "cell": CELLS, "precision": [*POLICIES], "what": ["ours", "PyTorch"]}

    def place(row):
        known = {name: order.index(row[name]) for name, order in orders.items()}
        return [(row | known | {"units": int(row["units"])})[name] for name in KEY]

    write_csv(path, COLUMNS, sorted(old + rows, key=place))


def main(argv=None):
    begin, options = time.perf_counter(), arguments(argv)
    if keras.backend.backend() not in ("jax", "torch"):
        sys.exit(
            "Keras must run on jax or torch: set KERAS_BACKEND=jax or KERAS_BACKEND=torch. "
            f"Received: {keras.backend.backend()!r}"
        )
    if device_type() not in ("cpu", "gpu", "cuda"):
        sys.exit(
            "Only CUDA's GPUs and the CPU are measured: set KERAS_TORCH_DEVICE=cpu. "
            f"Received: {device_type()!r}"
        )
    sizes, about = SMOKE if options.smoke else Sizes(), describe(options)
    output = options.output or (None if options.smoke else RESULTS)
    print(f"{about['device']}; {about['versions']}; Keras on {about['backend']}", flush=True)
    if torch_device() is None:
        reason = "does not see this device" if TORCH else "is not installed"
        print(f"PyTorch {reason}, its rows are left out.", flush=True)
    todo, took, wrong, failed, left = combinations(options, sizes), {}, [], [], []
    for i, combination in enumerate(todo):
        name, start = " ".join(map(str, combination)), time.perf_counter()
        if start - begin + took.get(combination.type, 0) > options.seconds:
            left.append(name)
            continue
        try:
            rows = [about | row for row in measure(combination, sizes)]
        except Exception:  # out of memory, or an error of a driver: the others are measured
            traceback.print_exc()
            failed.append(name)
            continue
        if output:
            write(rows, output)
        seconds = time.perf_counter() - start
        took[combination.type] = max(seconds, took.get(combination.type, 0))
        for row in rows:
            text = "{what} {median} {unit} ({setting}, cuDNN {cudnn}, error {max error} of {tolerance})"
            print(f"[{i + 1}/{len(todo)}] {name}:", text.format(**row), flush=True)
            if not float(row["max error"]) <= float(row["tolerance"]):
                wrong.append(
                    f"{name}, {row['what']}: differs from the CPU by {row['max error']}, "
                    f"allowed are {row['tolerance']}"
                )
    print(f"{time.perf_counter() - begin:.0f} s in all" + (f", written to {output}" if output else ""))
    if left:
        print(
            f"Left out, because {options.seconds:g} s were up: {'; '.join(left)}. Measure them with a "
            "longer --seconds, or with --cell, --type, --units and --precision: other rows stay."
        )
    if failed:
        print(f"Failed, see above: {'; '.join(failed)}.", file=sys.stderr)
    for message in wrong:
        print(f"{message}. Run it again with this combination alone.", file=sys.stderr)
    sys.exit(1 if wrong or failed else 0)


if __name__ == "__main__":
    main()
