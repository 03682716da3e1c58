"""How fast does the zoo train on a GPU, compared with PyTorch? Are the results the same as on the CPU?

    KERAS_BACKEND=jax python benchmarks/gpu.py
    KERAS_BACKEND=torch python benchmarks/gpu.py --cell lstm --type many_to_one

It needs keras, numpy, and jax or torch with their GPU packages. It does not need TensorFlow or a
dataset. Without a GPU it runs on the CPU, and then the rows say "cpu".

It trains `many_to_one`, and `encoder_decoder` without attention. Each has one layer in one direction.
As in the recipes, the optimizer is Adam with clipped gradients. The tokens are random. The sequences
are as long as those of IMDb (words and punctuation, cut to 400) and of Multi30k. A batch has 64
sequences of similar length. They are padded on the right to 256 or 400 tokens for IMDb, and to 24 for
Multi30k. There are so few lengths because XLA compiles once for each of them.

ours      `fit` on the batches, with Keras's policy float32 or mixed_bfloat16.
PyTorch   A plain loop over the same batches, with nn.RNN, nn.LSTM or nn.GRU. For bfloat16 it uses
          autocast. "packed" packs all sequences. "padded" packs only the encoder's source, because its
          last states are needed. Both are tried first. Only the faster one is measured, and the column
          setting names it.

The programs take turns, round by round. The clock stops when the device has finished. Each program uses
its default precision for float32 products. That is TF32 in JAX and cuDNN, and full precision in the
rest of PyTorch. A figure is the number of training steps a second. The CSV has the median over the
rounds, the least and the most.

The first pass over the batches includes compiling, so it does not count. Its time is in the column
warm-up seconds. The column cudnn is "yes" if the training step calls cuDNN's recurrent layer. To find
that out, we search the program that JAX gives to XLA, or the profile of a step in PyTorch.

The column max error compares the results with float32 on the CPU, with the same weights. See
`measure_error`. If it is above the column tolerance (see `tolerance`), the exit status is 1.

The rows of a combination are written to gpu.csv as soon as it has been measured. They replace older
rows of the same device, backend and combination. All other rows stay. If --seconds are up, the rest is
not measured, and the last lines say how to measure it. With --smoke the sizes are tiny, and a CSV is
written only if --output names one.
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
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or PyTorch's profiler prints each start and end

import keras
import numpy as np
from pytorch import TORCH, build_torch, make_adam, torch_batch, torch_logits, torch_loss
from run import CELLS, read_results, write_csv

import zoo

if TORCH:
    import torch

    torch.backends.mkldnn.enabled = False  # its LSTM fails in bfloat16 on processors without AVX-512

RESULTS = pathlib.Path(__file__).with_name("gpu.csv")
SECONDS = 200.0  # for all combinations
TYPES = ("many_to_one", "encoder_decoder")
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
LOSSES = {"many_to_one": "binary_crossentropy", "encoder_decoder": "sparse_categorical_crossentropy"}
KEY = ("device", "backend", "type", "cell", "units", "precision", "what")  # of a row
COLUMNS = [
    *KEY,
    *("setting", "unit", "median", "least", "most", "rounds", "warm-up seconds"),
    *("cudnn", "max error", "tolerance", "date", "versions", "command"),
]
# Numbers of tokens (words and punctuation) in the training rows: the least, the nine deciles, the most.
# The numbers of a target include its start token or its end token.
LENGTHS = {
    "many_to_one": [(11, 109, 142, 160, 181, 208, 246, 302, 387, 547, 2803)],  # IMDb
    "encoder_decoder": [  # Multi30k, English and German
        (4, 9, 10, 11, 12, 12, 13, 15, 16, 19, 41),
        (3, 9, 10, 11, 12, 13, 14, 15, 17, 19, 46),
    ],
}


class Sizes(typing.NamedTuple):
    rounds: int = 5
    seconds: float = 0.2  # that a program runs in a round, at least
    units: tuple = (128, 1024)
    embedding_dim: int = 100
    vocabulary_size: int = 10000
    batch_size: int = 64
    steps: int = 4  # number of batches, from the shortest sequences to the longest
    lengths: tuple = ((256, 400), (24,))  # padded lengths of each type; longer sequences are cut


SMOKE = Sizes(2, 0.0, (8,), 6, 50, 4, 2, ((8,), (6,)))


class Combination(typing.NamedTuple):
    type: str
    cell: str
    units: int
    precision: str


# Data


def make_batches(kind, sizes):
    """Batches (inputs, answers) of random tokens, padded with 0 to few lengths.

    The batch with the shortest sequences comes first. In a batch the longest rows come first, so that
    `torch_batch` keeps their order. Inputs are tokens `[batch, time]`, or source and target. A long
    source has a long target: both lengths are at the same quantile.
    """
    rng = np.random.default_rng(0)
    few = sizes.lengths[TYPES.index(kind)]
    scale = few[-1] / Sizes().lengths[TYPES.index(kind)][-1]  # below 1 for the smoke test
    n = sizes.steps * sizes.batch_size
    quantiles = (np.arange(n) + 0.5) / n  # even, because a few random ones could be far from the data
    columns = [np.interp(quantiles, np.linspace(0, 1, 11), deciles) for deciles in LENGTHS[kind]]
    rows = np.clip(scale * np.stack(columns, axis=-1), 1, few[-1]).astype(int)  # [rows, columns]
    rows = rows.reshape(sizes.steps, sizes.batch_size, -1)[:, ::-1]

    def draw(lengths, time):
        tokens = rng.integers(4, sizes.vocabulary_size, (len(lengths), time))
        return (tokens * (np.arange(time) < lengths[:, None])).astype("int32")  # [batch, time]

    batches = []
    for lengths in rows:
        time = min(n for n in few if n >= lengths.max())
        x = [draw(column, time) for column in lengths.T]
        if kind == "many_to_one":
            # Three of ten are 1. With one half, the gradient of the last bias would be almost zero.
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
    with zoo.registry.dtype_policy(POLICIES[precision]):
        model = zoo.build(kind, cell=cell, units=units, **config)
    model.compile(keras.optimizers.Adam(global_clipnorm=1.0), LOSSES[kind])  # as the recipes do
    return model


def train_ours(model, batches, passes=1):
    steps = itertools.chain.from_iterable(itertools.repeat(batches, passes))
    model.fit(
        (batch for batch in steps), steps_per_epoch=passes * len(batches), shuffle=False, verbose=0
    )
    wait(model)


def wait(model=None):
    """Waits until the device has finished. A call returns earlier, when its work is queued."""
    if model and keras.backend.backend() == "jax":
        import jax

        jax.block_until_ready([v.value for v in model.variables + model.optimizer.variables])
    if TORCH and torch.cuda.is_available():
        torch.cuda.synchronize()


def has_cudnn(names):
    """Whether cuDNN's recurrent layer is in one of the names, or in the text of a program."""
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
    """The first four tokens of each row. That is enough for a profile, because all steps are alike."""
    return keras.tree.map_structure(lambda column: column[:, :4], (x, y))


def profile(run):
    """The names of all PyTorch operators that `run` calls."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        run()
    return {event.key for event in profiler.key_averages()}


# PyTorch, see also pytorch.py


def run_torch(kind, modules, device, precision, packed, batch):
    """Logits of a batch, and its answers, on the device."""
    tokens, lengths, y = batch
    tokens, y = [column.to(device, non_blocking=True) for column in tokens], y.to(device)
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        return torch_logits(kind, modules, tokens, lengths, packed), y


def train_torch(kind, modules, optimizer, device, precision, packed, batches, passes=1):
    for _, batch in itertools.product(range(passes), batches):
        optimizer.zero_grad()
        logits, y = run_torch(kind, modules, device, precision, packed, batch)
        torch_loss(kind, logits.float(), y).backward()
        torch.nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    wait()


def torch_outputs(kind, modules, device, precision, packed, batch):
    with torch.inference_mode():
        logits = run_torch(kind, modules, device, precision, packed, batch)[0].float()
        p = torch.sigmoid(logits) if kind == "many_to_one" else torch.softmax(logits, dim=-1)
        return p.cpu().numpy()


# The check against the CPU


@functools.lru_cache(maxsize=1)  # both precisions are compared with the same results
def reference(kind, cell, units, sizes):
    """Results on the CPU in float32: weights, outputs, and how a training step changes the weights."""
    keras.utils.set_random_seed(0)
    x, y = make_batches(kind, sizes)[0]
    with keras.device("cpu"):
        model = build_ours(kind, cell, units, "float32", sizes)
        return model.get_weights(), predict(model, x), take_step(model, x, y)


def predict(model, x):
    return np.asarray(model.predict_on_batch(x), "float32")


def take_step(model, x, y):
    """The change of the weights in a training step: one vector for each layer."""

    def flat_weights():
        layers = [layer.get_weights() for layer in model.layers]
        return [np.concatenate([w.ravel() for w in weights]) for weights in layers if weights]

    before = flat_weights()
    train_ours(model, [(x, y)])  # because train_on_batch would compile another program
    return [new - old for new, old in zip(flat_weights(), before, strict=True)]


def measure_error(x, outputs, expected, moved=(), expected_moved=()):
    """The largest of several relative errors.

    An error is the sum of absolute differences, divided by the sum of absolute expected values.

    The first error compares the outputs at real tokens. The mean of the expected outputs is subtracted
    from both, because the outputs of a new model are nearly the same for all inputs. A mistake would
    show only in the small differences.

    The other errors compare how a training step changes the weights. There is one error for each layer,
    not for each weight, because bfloat16 loses much of the gradient of a single bias. That gradient is
    a sum over all steps, and its terms nearly cancel.
    """
    if isinstance(x, list):  # source and target
        outputs, expected = outputs[x[1] != 0], expected[x[1] != 0]  # [tokens, vocabulary_size]
    mean = expected.mean(axis=0)
    pairs = [(outputs - mean, expected - mean), *zip(moved, expected_moved, strict=True)]
    errors = [np.abs(a - b).sum() / np.abs(b).sum() for a, b in pairs]
    return float(np.max(errors))  # NaN if one of them is NaN


def tolerance(precision, x):
    """The largest result of `measure_error` that is allowed.

    Rounding to TF32, which has 11 significant bits, changes a number by at most 2^-11 of its size. GPUs
    may use TF32 for float32 products. For bfloat16, which has 8 bits, it is at most 2^-8.

    Rounding goes up as often as down. So the errors of n steps add up to about the square root of n
    times the error of one step. A large matrix product does not make the relative error larger: the
    error of a sum grows like the square root of its number of terms, but the sum grows like that, too.

    Four times as much is allowed, because the largest of several errors counts. This was tried on a CPU
    with 128 units for each cell, and with 1024 units for SimpleRNN and LSTM in many_to_one. With
    rounding to bfloat16, or to TF32 by hand, all errors were at most a quarter of the tolerance. A
    wrong gate, mask or gradient gives an error far above it.
    """
    roundoff = {"float32": 2.0**-11, "bfloat16": 2.0**-8}[precision]
    steps = sum(column.shape[1] for column in keras.tree.flatten(x))
    return 4 * roundoff * steps**0.5


# Measuring


def device_type():
    """The kind of device that Keras uses: "cpu", or a GPU's, "gpu" on JAX and "cuda" on PyTorch."""
    if keras.backend.backend() == "torch":
        return keras.ops.zeros(1).device.type
    import jax

    return jax.devices()[0].platform


def device_name():
    """The name of the GPU, or "cpu"."""
    if device_type() == "cpu":
        return "cpu"
    if keras.backend.backend() == "torch":
        return torch.cuda.get_device_name()
    import jax

    return jax.devices()[0].device_kind


def torch_device():
    """PyTorch's name for the device that Keras uses: "cpu" or "cuda". None if it cannot use it."""
    if not TORCH or device_type() == "cpu":
        return "cpu" if TORCH else None
    return "cuda" if torch.cuda.is_available() else None


def seconds_of(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def alternate(programs, rounds, limit=3.0):
    """Seconds of each program in each round. The programs take turns. Slow ones have three rounds."""
    seconds, start = {name: [] for name in programs}, time.perf_counter()
    for i in range(rounds):
        if i >= 3 and time.perf_counter() - start > limit:
            break
        for name, run in programs.items():
            seconds[name].append(seconds_of(run))
    return seconds


def prepare_ours(model, batches, expected):
    """Checks the model and warms it up. Returns the program that trains it, and columns of its row."""
    (x, y), (outputs, moved) = batches[0], expected
    found = predict(model, x)
    start = time.perf_counter()
    error = measure_error(x, found, outputs, take_step(model, x, y), moved)
    train_ours(model, batches)
    columns = {"warm-up seconds": time.perf_counter() - start, "max error": error, "setting": "fit"}
    columns["cudnn"] = "yes" if ours_has_cudnn(model, x, y) else "no"
    return functools.partial(train_ours, model, batches), columns


def prepare_torch(model, batches, expected, combination, device):
    """Does the same for PyTorch, packed or padded, whichever is faster. Checks only the outputs."""
    kind, cell, _, precision = combination
    (x, y), (outputs, _) = batches[0], expected
    tensors, variants = [torch_batch(kind, *batch) for batch in batches], {}
    for setting in ("packed", "padded"):
        modules = build_torch(model, cell).to(device)
        how = (device, precision, setting == "packed")
        error = measure_error(x, torch_outputs(kind, modules, *how, tensors[0]), outputs)
        train = functools.partial(train_torch, kind, modules, make_adam(modules), *how)
        run = functools.partial(train, tensors)
        short = functools.partial(train, [torch_batch(kind, *first_steps(x, y))])
        columns = {"warm-up seconds": seconds_of(run), "max error": error, "setting": setting}
        columns["cudnn"] = "yes" if has_cudnn(profile(short)) else "no"
        variants[seconds_of(run)] = run, columns
    return variants[min(variants)]


def measure(combination, sizes):
    """The rows of a combination, as dicts of str: ours, and PyTorch's if it can run here."""
    keras.backend.clear_session()
    kind, cell, units, _ = combination
    batches = make_batches(kind, sizes)
    weights, *expected = reference(kind, cell, units, sizes)
    model = build_ours(*combination, sizes)
    model.set_weights(weights)
    prepared = {"ours": None}  # filled last, because that changes the weights, which PyTorch copies
    if torch_device():
        prepared["PyTorch"] = prepare_torch(model, batches, expected, combination, torch_device())
    prepared["ours"] = prepare_ours(model, batches, expected)
    programs, steps = {}, {}
    for name, (run, _) in prepared.items():
        # Several passes, if one is short: `fit` takes some time to start.
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
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="for everything, about (default: %(default)g)"
    )
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
    """Lists what to measure: the most used cells first, and the two precisions of a model together."""
    cells = options.cell or (("lstm",) if options.smoke else ("lstm", "gru", "simple_rnn"))
    chosen = itertools.product(
        cells, options.units or sizes.units, options.type or TYPES, options.precision or POLICIES
    )
    return [Combination(kind, cell, units, precision) for cell, units, kind, precision in chosen]


def describe(options):
    """The columns that are the same in all rows."""
    backend = keras.backend.backend()
    words = []
    for name in ("type", "cell", "units", "precision"):
        words += [word for value in getattr(options, name) or () for word in (f"--{name}", str(value))]
    words += ["--seconds", f"{options.seconds:g}"] * (options.seconds != SECONDS)
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
    """Writes rows to a CSV, all or none. An old row stays unless a new one has the same key."""
    path, new = pathlib.Path(path), {tuple(row[name] for name in KEY) for row in rows}
    orders = {"type": TYPES, "cell": CELLS, "precision": [*POLICIES], "what": ["ours", "PyTorch"]}
    checks = dict.fromkeys(COLUMNS, str) | {"units": int}
    checks |= {name: order.index for name, order in orders.items()}
    old = [row for row in read_results(path, checks) if tuple(row[name] for name in KEY) not in new]

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
            "This measures only CUDA GPUs and the CPU. Set KERAS_TORCH_DEVICE=cpu. "
            f"Received: {device_type()!r}"
        )
    sizes, about = SMOKE if options.smoke else Sizes(), describe(options)
    output = options.output or (None if options.smoke else RESULTS)
    print(f"{about['device']}; {about['versions']}; Keras on {about['backend']}", flush=True)
    if torch_device() is None:
        reason = "does not see this device" if TORCH else "is not installed"
        print(f"PyTorch {reason}, so its rows are left out.", flush=True)
    todo, took, wrong, failed, left = combinations(options, sizes), {}, [], [], []
    for i, combination in enumerate(todo):
        name, start = " ".join(map(str, combination)), time.perf_counter()
        if start - begin + took.get(combination.type, 0) > options.seconds:
            left.append(name)
            continue
        try:
            rows = [about | row for row in measure(combination, sizes)]
        except Exception:  # such as out of memory; the others are still measured
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
                    f"{name}, {row['what']}: differs from the CPU by {row['max error']}. At most "
                    f"{row['tolerance']} is allowed"
                )
    print(
        f"{time.perf_counter() - begin:.0f} s in total" + (f", written to {output}" if output else "")
    )
    if left:
        print(
            f"Left out, because {options.seconds:g} s were up: {'; '.join(left)}. Measure them with "
            "a larger --seconds, or with --cell, --type, --units and --precision. Other rows stay."
        )
    if failed:
        print(f"Failed, see above: {'; '.join(failed)}.", file=sys.stderr)
    for message in wrong:
        print(f"{message}. Run it again with this combination alone.", file=sys.stderr)
    sys.exit(1 if wrong or failed else 0)


if __name__ == "__main__":
    main()
