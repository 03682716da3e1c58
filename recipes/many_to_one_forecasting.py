"""What comes next in a series of numbers? Many-to-one: values in, the next one (or several) out.

                            next
                              ^
    [h] -> [h] -> [h] ... -> [h]
     ^      ^      ^          ^
    1987   1988   1989       2008

Data: by default sunspots, the number of sunspots in each of 309 years. Or co2, the carbon dioxide in
the air over 2,284 weeks. Both come with the package statsmodels (public domain) and need no download.
Or etth1, the oil temperature of a power transformer over 17,420 hours (CC BY-ND 4.0), used as in Zhou
et al. 2021, "Informer". Your own file: `--dataset sales.csv --column sales`. It is CSV, TSV or JSON
lines, with a row for each step and a column with its date. `--inputs` names other columns to read.
`--column a,b` forecasts two columns. `--series-column store` reads several series. `--fill` fills gaps.

The network reads a window: the last values of the series. It reads how far each value is from the last
one, and predicts how far the next values will be from that last one. Levels drift: a warm night in the
test months can be colder than anything in training, and a network does badly on values it has not seen.
Such differences drift less. Other inputs are read as they are. Each series is scaled by its own part
for training. If a window is long, the network reads several values at each step.

Expect these after half a minute on one CPU core: a mean absolute error (MAE) of 14.9 on sunspots (mean
of three seeds) and 0.52 on co2, and a scaled MSE of 0.0264 on etth1. Four baselines have no recurrence.

Reading differences, several at a step, is from Lin et al. 2023, "SegRNN: Segment Recurrent Neural
Network for Long-Term Time Series Forecasting". Changed here: a dense layer predicts all steps ahead at
once, there is no layer before the cell, and the loss is the squared error.
"""

import dataclasses
import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.linear_model import LinearRegression

import zoo
from zoo.tasks import forecasting, forecasting_defaults, forecasting_windows


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("sunspots", "sunspots, co2, etth1, or path of your own data")
    column: str = zoo.flag("", "columns to forecast, as in sales,returns; '' for the last one")
    inputs: str = zoo.flag("", "other columns to read, as in price,temperature")
    series_column: str = zoo.flag("", "column that tells several series apart, such as store")
    fill: str = zoo.flag("", "for gaps: interpolate, previous or zero")
    split: str = zoo.flag("", "shares of the parts, as in 0.8,0.1,0.1; '' for 0.7,0.1,0.2")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    window: int | None = zoo.flag(None, "steps that the network reads")
    horizon: int | None = zoo.flag(None, "steps that it forecasts")
    season: int | None = zoo.flag(None, "steps after which the series repeats itself, 1 for never")
    segment: int | None = zoo.flag(None, "steps of the series in one step of the network")
    units: int | None = zoo.flag(None, "size of the state")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int = zoo.flag(32, "windows in a batch")


def regress(inputs, targets, new):
    """What a linear regression predicts for new inputs. All are arrays `[windows, ...]`."""
    x, y, new = (rows.reshape(len(rows), -1) for rows in (inputs, targets, new))
    return LinearRegression().fit(x, y).predict(new)  # [new windows, horizon * outputs]


def print_forecasts(title, rows):
    """Prints the end of each row: the truth, its forecasts, and what follows after the last value."""
    print(f"\n{title}: the last values, their forecasts, and what follows after the last one:")
    for name, values in rows.items():
        print(f"{name:14s}" + "".join(f"{value:10.5g}" for value in values[-10:]))


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    # Data: series of numbers, each cut into three parts, one after the other in time.
    series, outputs, others = zoo.datasets.load_many_series(
        config.dataset,
        config.column,
        config.data_dir or None,
        inputs=config.inputs,
        series_column=config.series_column,
        fill=config.fill,
        split=config.split,
        encoding=config.encoding,
    )
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    config = zoo.recipe.choose(config, forecasting_defaults.defaults(series, vars(config)))
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)
    window, horizon, season, segment = config.window, config.horizon, config.season, config.segment
    forecasting_defaults.check(series, window, horizon, season, segment)
    n = len(outputs)  # the first columns of each series are the ones to forecast
    scales = np.array([forecasting_windows.mean_and_std(one, outputs + others, n) for one in series])
    data = forecasting_windows.make_windows(series, scales, window, horizon, n)
    sizes = ", ".join(f"{len(data[split][0])} {split}" for split in data)
    print(f"{', '.join(outputs)}: {sizes} windows of {window} values, {horizon} ahead")
    x, y = {}, {}
    for split, (inputs, targets, _) in data.items():
        x[split] = forecasting.encode(inputs, segment, n)  # [windows, window / segment, ...]
        y[split] = (targets - inputs[:, -1:, :n]).reshape(len(targets), -1)  # [windows, ...]
    shown = [" ".join(f"{one:.2f}" for one in rows["train"][0].ravel()[-9:]) for rows in (x, y)]
    print(f"First row, as the network sees it: ... {shown[0]} -> {shown[1]}")

    # The model: differences from the last value -> states -> the last state -> differences ahead.
    model = zoo.build(
        "many_to_one",
        cell=config.cell,
        num_features=x["train"].shape[-1],  # segment * columns
        num_outputs=y["train"].shape[-1],  # horizon * outputs
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
    cell, predict = zoo.training.cells_of(model), functools.partial(model.predict, verbose=0)
    inputs, truth, owner = data["test"]
    on_levels = regress(*data["train"][:2], inputs).reshape(truth.shape)
    on_differences = regress(x["train"], y["train"], x["test"])
    forecasts = {
        cell: forecasting.decode(predict(x["test"]), inputs, n),  # [windows, horizon, outputs]
        "last value": np.broadcast_to(inputs[:, -1:, :n], truth.shape),
        "one season ago": inputs[:, np.arange(horizon) % season - season, :n],
        "linear regression": on_levels,
        "linear regression on differences": forecasting.decode(on_differences, inputs, n),
    }
    std = scales[:, 1, :n]  # [series, outputs]
    lags = {"step": 1, "season": season}
    naive = {name: forecasting_windows.naive_errors(series, lag, n) for name, lag in lags.items()}
    metrics = {
        name: forecasting_windows.score(one, truth, owner, std, naive, outputs)
        for name, one in forecasts.items()
    }
    zoo.recipe.print_table("Test part", metrics)

    # The verdict compares absolute errors, or with several columns, those divided as in MASE.
    unit = std if n == 1 else std / naive["step"]
    errors = {name: np.abs(one - truth) * unit[owner][:, None] for name, one in forecasts.items()}
    zoo.print_verdict(
        cell,
        list(forecasts)[1:],
        lambda name, rows: errors[name][rows].mean(),
        len(truth),
        history=history,
        tips=forecasting_defaults.tips(series, window, horizon),
        lower_is_better=True,
    )

    # Forecasts to judge by eye, of at most four columns. Only windows that do not overlap are shown.
    panels = {}
    for i, j in list(np.ndindex(std.shape))[:4]:  # the number of a series, and of a column in it
        one, rows, (mean, scale) = series[i], np.flatnonzero(owner == i)[::horizon], scales[i, :, j]
        shown = {
            name: forecasting.unscale(values[rows, :, j].ravel(), mean, scale)
            for name, values in {"truth": truth, cell: forecasts[cell]}.items()
        }
        title = f"{outputs[j]} of {one.name}" if one.name else outputs[j]
        times = None if one.times is None else one.times[-len(one.parts["test"]) :]
        panels[title] = times, shown
        values = np.concatenate(list(one.parts.values()))
        ahead = forecasting.forecast(predict, values, scales[i], window, segment, n)[:10, j]
        print_forecasts(title, {**shown, "what follows": ahead})

    card = {
        "task": "forecasting",
        "type": "many_to_one",
        "dataset": config.dataset,
        "columns": outputs,
        "inputs": others,
        "series": [one.name for one in series if one.name],
        "preprocessing": {"mean": scales[:, 0], "std": scales[:, 1]},  # [series, columns]
    }
    figure = zoo.plots.plot_series(panels, f"test part, {horizon} ahead at a time")
    results = {"metrics": {"test": metrics}, "history": history, "figures": {"forecast": figure}}
    zoo.recipe.save(config, model, card, **results)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
