"""Settings for forecasting that fit the series."""

import numpy as np

from zoo import recipe
from zoo.errors import InputError, counted

NAMES = ("window", "horizon", "season", "segment", "epochs", "units", "dropout")
SETTINGS = {  # of our published scores. A step is a year, a week or an hour.
    "sunspots": (33, 1, 11, 1, 100, 64, 0.0),
    "co2": (104, 52, 52, 4, 30, 64, 0.0),
    "etth1": (96, 24, 24, 24, 5, 64, 0.0),
}
PERIODS = {  # of the calendar: after how many steps a series of this step repeats itself, and why
    "month": (12, "a year has 12 months"),
    "quarter": (4, "a year has 4 quarters"),
    "week": (52, "a year has 52 weeks"),
    "day": (7, "a week has 7 days"),
    "working day": (5, "a week has about 5 working days"),
    "hour": (24, "a day has 24 hours"),
    "minute": (60, "an hour has 60 minutes"),
    "second": (60, "a minute has 60 seconds"),
}


def defaults(series, given=None):
    """Settings that fit some series, with a reason for each.

    Args:
        series: a list of `zoo.datasets.Series`.
        given: a dict of the settings that the user chose. The others are made to fit them. None counts
            as not chosen. `batch_size` counts for the number of epochs. For a `dataset` of the zoo, the
            settings are those of its published scores.

    Returns:
        A dict from the name of a setting to its value and the reason, see `zoo.recipe.choose`.

    Example:

    >>> from zoo.datasets import Series
    >>> from zoo.datasets.steps import Step
    >>> values = np.sin(np.arange(300) * np.pi / 6)[:, None]
    >>> parts = dict(zip(("train", "validation", "test"), np.split(values, [210, 240]), strict=True))
    >>> for name, choice in defaults([Series("", parts, None, Step(1, "month"))]).items():
    ...     print(name, *choice)
    season 12 a year has 12 months
    horizon 12 it is a season
    window 36 this is 3 seasons of 12
    segment 1 the network then reads the window in 36 steps
    units 64 there are 163 windows to train on
    dropout 0.0 ...
    epochs 100 163 rows in batches of 32 then give 600 updates
    """
    given = {name: value for name, value in (given or {}).items() if value is not None}
    train, validation = (
        min(len(one.parts[split]) for one in series) for split in ("train", "validation")
    )
    if given.get("dataset") in SETTINGS:
        settings = zip(NAMES, SETTINGS[given["dataset"]], strict=True)
        return {name: (value, f"we chose it for {given['dataset']}") for name, value in settings}
    choices = {}

    def choose(name, value, reason):
        choices[name] = (value, reason)
        return given.get(name, value)

    season, reason = _find_season(series[0], train)
    if given.get("window", season) < season:
        season, reason = 1, f"a window of {given['window']} does not span a season of {season}"
    season = choose("season", season, reason)
    unit = getattr(series[0].step, "unit", "")
    longest = max(1, validation // 2)  # so that validation has as many windows, or more
    if season == 1 or unit not in PERIODS:
        horizon = choose("horizon", 1, "no season of the calendar is known")
    elif season <= longest:
        horizon = choose(
            "horizon", min(season, 96), "it is a season" if season <= 96 else "a season is long"
        )
    else:
        horizon = choose("horizon", longest, f"validation has only {validation} steps")
    longest = min(train // 2, train - horizon)  # so that half of the training part has targets
    number = {"hour": 7, "day": 4, "working day": 4}.get(unit, 3) if season > 1 else 24
    number = max(1, min(number, longest // season))
    segment = given.get("segment", 1)
    window = -(-number * season // segment) * segment
    seasons = (
        f"{counted(number, 'season')} of {season}" if season > 1 else "a short past, without seasons"
    )
    window = choose("window", window, f"this is {seasons}")
    whole = (n for n in range(1, window + 1) if window % n == 0 and 4 <= window / n <= 36)
    segment = next(whole, 1)
    choose("segment", segment, f"the network then reads the window in {window // segment} steps")
    windows = sum(max(0, len(one.parts["train"]) - window - horizon + 1) for one in series)
    few = windows < 150
    choose("units", 32 if few else 64, f"there are {'only ' * few}{windows:,} windows to train on")
    choose("dropout", 0.0, "early stopping is enough")
    batch_size = given.get("batch_size", 32)
    choose("epochs", *recipe.epochs_for(windows or 1, batch_size, updates=1200, least=3))
    return choices


def _find_season(series, shortest):
    """After how many steps a series repeats itself, and the reason."""
    number, unit = series.step or (1, "")
    period, reason = PERIODS.get(unit, (0, ""))
    if unit == "minute" and number >= 5:
        period, reason = 24 * 60, "a day has 1,440 minutes"
    if period and period % number == 0 and period > number:
        if shortest >= 3 * period // number:
            return int(period // number), reason
        return 1, f"{shortest} steps of training are too few for a season of {period // number:g}"
    season = find_period(series.parts["train"][:, 0])
    if season > 1:
        return season, f"the training part repeats itself after about {season} steps"
    return 1, "the training part does not repeat itself"


def find_period(values):
    """After how many steps a series repeats itself: the first peak of its autocorrelation.

    Args:
        values: floats `[steps]`.

    Returns:
        An integer. 1 if there is no peak above 0.2, or if the series has not three periods.

    Example:

    >>> find_period(np.sin(np.arange(100) * 2 * np.pi / 11)), find_period(np.arange(100.0))
    (11, 1)
    """
    if len(values) < 6:
        return 1
    steps = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)  # without the trend
    lags = range(1, len(values) // 3 + 1)
    power = (rest**2).sum()
    if not power > 1e-12 * (values**2).sum():
        return 1
    correlation = [1.0, *((rest[lag:] * rest[:-lag]).sum() / power for lag in lags)]
    below = next((lag for lag in lags if correlation[lag] < 0), None)
    if below is None:
        return 1
    peak = below + int(np.argmax(correlation[below:]))
    return peak if correlation[peak] > 0.2 and peak < lags[-1] else 1


def check(series, window, horizon, season, segment):
    """Raises an `InputError` if settings do not fit each other, or a part of a series is too short.

    The windows of validation and test reach back into the part before.

    Example:

    >>> from zoo.datasets import Series
    >>> parts = {"train": np.ones(70), "validation": np.ones(10), "test": np.ones(20)}
    >>> check([Series("", parts, None, None)], window=24, horizon=12, season=12, segment=1)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The validation part has 10 of 100 steps, too few for a horizon of 12. Use ...
    """
    if window < season or window % segment:
        raise InputError(
            f"A window must span a season of {season}, and whole segments of {segment}. "
            f"Received: --window {window}"
        )
    for one in series:
        sizes = {split: len(part) for split, part in one.parts.items()}
        total, whose = sum(sizes.values()), f" of {one.name}" if one.name else ""
        more = "Give more rows" + ", or leave this series out" * (len(series) > 1)
        if sizes["train"] < window + horizon:
            longest = sizes["train"] - horizon
            advice = f"Use --window {longest} or less" if longest > 0 else more
            raise InputError(
                f"The train part{whose} has {sizes['train']} of {total} steps, too short for a window "
                f"of {window} and a horizon of {horizon}. {advice}."
            )
        for split in ("validation", "test"):
            if sizes[split] < horizon:
                share = np.ceil(20 * horizon / total) / 20
                advice = f"Use --horizon {sizes[split]} or less" if sizes[split] else more
                if share <= 0.3 and total * (1 - 2 * share) >= window + horizon:
                    advice += f", or --split {1 - 2 * share:.2g},{share:.2g},{share:.2g}"
                raise InputError(
                    f"The {split} part{whose} has {sizes[split]} of {total} steps, too few for a "
                    f"horizon of {horizon}. {advice}."
                )


def tips(series, window, horizon):
    """What to try if a network does not beat its baselines, for `zoo.print_verdict`.

    Example:

    >>> from zoo.datasets import Series
    >>> tips([Series("", {"train": np.ones(70)}, None, None)], window=24, horizon=1)
    ['--window 48, to read more of the past', '--inputs, if other columns help to forecast this one']
    """
    shortest = min(len(one.parts["train"]) for one in series)
    longer = (
        [f"--window {2 * window}, to read more of the past"] if 2 * window + horizon < shortest else []
    )
    return [*longer, "--inputs, if other columns help to forecast this one"]
