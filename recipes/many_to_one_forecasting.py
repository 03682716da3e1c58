"""What comes next in a series of numbers? Many-to-one: values in, the next one (or several) out.

                            next
                              ^
    [h] -> [h] -> [h] ... -> [h]
     ^      ^      ^          ^
    1987   1988   1989       2008

Data: by default sunspots, the number of sunspots in each of 309 years. Or co2, the carbon dioxide in
the air over 2,284 weeks. Both come with the package statsmodels (public domain) and need no download.
Or etth1, the oil temperature of a power transformer over 17,420 hours (CC BY-ND 4.0), used as in Zhou
et al. 2021, "Informer". Your own file: `--csv FILE --column NAME`, with one row for each step.

The network reads a window: the last values of the series. It reads how far each value is from the last
one, and predicts how far the next values will be from that last one. Levels drift: a warm night in the
test months can be colder than anything in training, and a network does badly on values it has not seen.
Such differences drift less. If a window is long, the network reads several values at each step.

Expect these after half a minute on one CPU core: a mean absolute error (MAE) of 14.9 on sunspots (mean
of three seeds) and 0.52 on co2, and a scaled MSE of 0.0264 on etth1. Four baselines have no recurrence.

Reading differences, several at a step, is from Lin et al. 2023, "SegRNN: Segment Recurrent Neural
Network for Long-Term Time Series Forecasting". Changed here: a dense layer predicts all steps ahead at
once, there is no layer before the cell, and the loss is the squared error.
"""

import dataclasses
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.linear_model import LinearRegression

import zoo
from zoo.tasks import forecasting

# Window, horizon, season, segment and epochs. A step is a year, a week or an hour.
SETTINGS = {
    "sunspots": (33, 1, 11, 1, 100),
    "co2": (104, 52, 52, 4, 30),
    "etth1": (96, 24, 24, 24, 5),
}
OWN_SETTINGS = (30, 1, 7, 1, 50)  # such as the sales of 30 days -> day 31


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("sunspots", "sunspots, co2, etth1, or another series of TFDS")
    csv: str = zoo.flag("", "your own CSV file, instead of a dataset")
    column: str = zoo.flag("", "which column to forecast, '' for the last one")
    window: int = zoo.flag(0, "values that the network reads, 0 to fit the dataset")
    horizon: int = zoo.flag(0, "values that it forecasts, 0 to fit the dataset")
    season: int = zoo.flag(0, "values after which the series repeats itself, 0 to fit the dataset")
    segment: int = zoo.flag(0, "values read at each step of the network, 0 to fit the dataset")
    units: int = zoo.flag(64, "size of the state")
    dropout: float = zoo.flag(0.0, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int = zoo.flag(0, "passes over the training part, 0 to fit the dataset")
    batch_size: int = zoo.flag(32, "windows in a batch")


def make_windows(parts, window, horizon):
    """Windows of each part and the values after them, scaled by the training part.

    Returns a dict of split to (inputs `[windows, window]`, targets `[windows, horizon]`), the mean and
    the standard deviation. All targets of a split lie in its own part.
    """
    values, places, end = np.concatenate(list(parts.values())), {}, 0
    for split, part in parts.items():
        begin, end = max(0, end - window), end + len(part)
        if end - begin < window + horizon:
            raise zoo.InputError(
                f"The {split} part is too short for a window of {window} and a horizon of {horizon}. "
                f"Received: {len(part)} of {len(values)} steps"
            )
        places[split] = slice(begin, end)
    mean, std = forecasting.mean_and_std(parts["train"], values)
    values, data = forecasting.scale(values, mean, std), {}
    for split, place in places.items():
        rows = np.lib.stride_tricks.sliding_window_view(values[place], window + horizon)
        data[split] = (rows[:, :window], rows[:, window:])
    return data, mean, std


def score(forecast, truth, std, train, season):
    """One row of the table. `forecast` and `truth` `[windows, horizon]` are scaled.

    MASE divides the MAE by that of a simple forecast in training (Hyndman & Koehler 2006).
    """
    error = forecast - truth
    mae = np.abs(error).mean() * std
    naive = {n: np.abs(train[n:] - train[:-n]).mean() for n in (1, season)}
    return {
        "MAE": mae,
        "RMSE": np.sqrt((error**2).mean()) * std,
        "MASE, step": mae / naive[1],
        "MASE, season": mae / naive[season] if naive[season] else None,  # all seasons equal
        "scaled MSE": (error**2).mean(),
    }


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    settings = OWN_SETTINGS if config.csv else SETTINGS.get(config.dataset, OWN_SETTINGS)
    names = ("window", "horizon", "season", "segment", "epochs")
    chosen = {name: getattr(config, name) or n for name, n in zip(names, settings, strict=True)}
    config = dataclasses.replace(config, **chosen)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)
    if config.window < config.season or config.window % config.segment:
        raise zoo.InputError(
            f"A window must span a season of {config.season}, and whole segments of {config.segment}. "
            f"Received: --window {config.window}"
        )

    # Data: three parts, one after the other in time, and the windows of each.
    source = pathlib.Path(config.csv) if config.csv else config.dataset
    parts, column = zoo.datasets.load_series(source, config.column, config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    data, mean, std = make_windows(parts, config.window, config.horizon)
    sizes = ", ".join(f"{len(data[split][0])} {split}" for split in data)
    print(f"{column}: {sizes} windows of {config.window} values, {config.horizon} ahead")
    x = {split: forecasting.encode(inputs, config.segment) for split, (inputs, _) in data.items()}
    y = {split: targets - inputs[:, -1:] for split, (inputs, targets) in data.items()}

    # The model: differences from the last value -> states -> the last state -> differences ahead.
    model = zoo.build(
        "many_to_one",
        cell=config.cell,
        num_features=config.segment,
        num_outputs=config.horizon,
        units=config.units,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, (x["validation"], y["validation"]), config.output)
    model.summary()
    num_steps = config.epochs * -(-len(x["train"]) // config.batch_size)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=1.0), loss="mse")
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    history = model.fit(
        x["train"],
        y["train"],
        validation_data=(x["validation"], y["validation"]),
        epochs=config.epochs,
        batch_size=config.batch_size,
        callbacks=[best, zoo.training.RaiseOnNaN()],
    ).history

    # The test part, used once, and four forecasts without recurrence.
    inputs, truth = data["test"]
    last = inputs[:, -1:]
    on_levels = LinearRegression().fit(*data["train"])
    on_differences = LinearRegression().fit(x["train"].reshape(len(x["train"]), -1), y["train"])
    cell = zoo.training.cells_of(model)
    forecasts = {
        cell: forecasting.decode(model.predict(x["test"], verbose=0), inputs),
        "last value": np.broadcast_to(last, truth.shape),
        "one season ago": inputs[:, np.arange(config.horizon) % config.season - config.season],
        "linear regression": on_levels.predict(inputs),
        "linear regression on differences": on_differences.predict(inputs - last) + last,
    }
    metrics = {
        name: score(forecast, truth, std, parts["train"], config.season)
        for name, forecast in forecasts.items()
    }
    zoo.recipe.print_table("Test part", metrics)

    # Forecasts to judge by eye. The windows are chosen so that their forecasts do not overlap.
    shown = {
        name: forecasting.unscale(rows[:: config.horizon].ravel(), mean, std)
        for name, rows in {"truth": truth, cell: forecasts[cell]}.items()
    }
    print("\nThe last values, their forecasts, and a forecast of what follows after the last one:")
    for name, values in shown.items():
        print(f"{name:14s}" + "".join(f"{value:9.2f}" for value in values[-10:]))
    newest = np.concatenate([inputs[-1], truth[-1]])[None, -config.window :]  # [1, window]
    outputs = model.predict(forecasting.encode(newest, config.segment), verbose=0)
    (follows,) = forecasting.unscale(forecasting.decode(outputs, newest), mean, std)  # [horizon]
    print("what follows  " + "".join(f"{value:9.2f}" for value in follows[:10]))

    card = {
        "task": "forecasting",
        "type": "many_to_one",
        "dataset": config.csv or config.dataset,
        "column": column,
        "preprocessing": {"mean": mean, "std": std, "differences": "to the last value of the window"},
    }
    xlabel = f"steps of the test part, {config.horizon} ahead at a time"
    figures = {"forecast": zoo.plots.plot_series(shown, xlabel, ylabel=column)}
    zoo.recipe.save(config, model, card, metrics={"test": metrics}, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
