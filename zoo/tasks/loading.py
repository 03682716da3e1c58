"""Opens the folder of a trained model."""

import collections.abc
import contextlib
import dataclasses
import hashlib
import importlib
import os
import pathlib
import shutil
import tempfile

from zoo.configs import structure
from zoo.errors import InputError, check_choice, one_line
from zoo.registry import rebuild
from zoo.storage import folders, model_files
from zoo.storage.hashes import hash_of
from zoo.tasks import trained_models
from zoo.tasks.cards import CARD_FILE, FORMAT, MODEL_FILE, read_card, write_card
from zoo.tasks.names import TASKS


@dataclasses.dataclass(frozen=True)
class Task:
    """A trained model that takes raw input and returns readable output. `load` returns one.

    A `Task` can be pickled and copied. The copy has the weights that the model has at that time. If the
    model has classes of your own, unpickle it in a program that has registered them.

    Attributes:
        model: the `keras.Model`.
        card: the content of `task.json`: the task, the data and flags of the training, the metrics, the
            labels.
        answer: the function that answers a list of inputs. `predict` and `generate` call it.
        files: the other files in the folder, a dict of names to bytes.
    """

    model: object
    card: dict = dataclasses.field(repr=False)
    answer: object = dataclasses.field(repr=False)
    files: dict = dataclasses.field(repr=False, default_factory=dict)

    def __reduce__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / MODEL_FILE
            build = model_files.write(self.model, path)
            return _from_bytes, (path.read_bytes(), build, self.card, self.files)

    def predict(self, inputs):
        """Predicts labels, marks or numbers. The task decides what an input and an answer are.

        - text_classification: texts. For each, a dict of label to probability, the likeliest first.
        - image_classification: images (arrays or files). For each, a dict as above.
        - video_classification: clips (video files, folders of images, or arrays). For each, a dict as
          above.
        - video_tagging: clips as above. For each, a list of spans. A span is a dict of label, start and
          end, counted in frames.
        - tagging: texts, or lists of words. For each, a list of spans. A span is a dict of text, label,
          start and end.
        - punctuation: texts. For each, the text with capitals and punctuation marks.
        - forecasting: the numbers of one series, the newest last. The answer: the next numbers. With
          several columns, a list of numbers for each step. With several series, the name of one first.
        - next_chord: pieces, each a list of chords, each a list of MIDI pitches. For each piece, a dict
          of note to the probability that it sounds next, the likeliest first.
        - speech_recognition: audio files, or integers of 16 bits `[samples]`, 16,000 a second. For
          each, the text that was said.

        Args:
            inputs: a list, or something that can be made into a list, such as a column of a table.

        Returns:
            A list, in the order of the inputs.

        Raises:
            ValueError: the inputs do not fit the task, or the task generates.

        Example:

        >>> [round(number) for number in load("forecasting-sunspots-gru").predict([30.0] * 33)]
        [34]
        """
        return self._answer("predict", inputs)

    def generate(self, inputs, **options):
        """Generates a sequence for each input. The task decides what an input and an answer are.

        - translation: texts. The answers are translations.
        - chat: conversations, each a text or a list of its turns so far. The answers are replies.
        - pronunciation: words. The answers are their phonemes.
        - transliteration: words. The answers are the same words in another script.
        - question_answering: questions. For each, a dict of the query (SQL) and its answer, a list of
          rows. The option database is the path of the SQLite database.
        - captioning: image files. The answers are captions. Photographs need the option cnn_weights.
        - language_model: beginnings of texts. The answers are whole texts. The option max_length is 200
          by default.
        - composition: first chords, each a list of MIDI pitches, one for each voice. The answers are
          notes, integers `[steps, voices]`, for `zoo.music`. The option beats is 48 by default.

        Args:
            inputs: a list.
            **options: options of `zoo.decoding.Generator.generate`, such as strategy, beam_width,
                temperature and seed.

        Returns:
            A list, in the order of the inputs.

        Raises:
            ValueError: the inputs do not fit the task, the task predicts, or an option is out of range.

        Example:

        >>> load("pronunciation-cmudict-gru").generate(["hello"])
        ['HH EH L OW']
        """
        return self._answer("generate", inputs, **options)

    def _answer(self, method, inputs, **options):
        right = TASKS[self.card["task"]]
        if method != right:
            raise InputError(f"The task {self.card['task']} has {right}(inputs), not {method}.")
        if hasattr(inputs, "columns"):
            raise InputError(
                "Give one column of the table, such as table['text']. "
                f"Received: a table of the columns {', '.join(map(str, inputs.columns))[:200]}"
            )
        # A dict would become its keys. A set has no order. An array of one text is not a list (ndim 0).
        is_list = isinstance(inputs, collections.abc.Iterable) and getattr(inputs, "ndim", 1) > 0
        if not is_list or isinstance(inputs, str | bytes | dict | set | frozenset):
            raise InputError(f"Give a list of inputs, such as [one, two]. Received: {inputs!r:.80}")
        inputs = list(inputs)
        if not inputs and method == "generate":
            return []
        return self.answer(inputs, **options)


def find(name_or_folder):
    """Finds the folder of a trained model and reads its card, without opening the model.

    Args:
        name_or_folder: see `load`.

    Returns:
        The folder, a `pathlib.Path`, and the content of its `task.json`, a dict.

    Raises:
        ValueError: see `load`.

    Example:

    >>> folder, card = find("digits-gru")
    >>> folder.name, card["task"]
    ('digits-gru', 'image_classification')
    """
    if not isinstance(name_or_folder, str | os.PathLike) or not str(name_or_folder):
        raise InputError(
            f"Give a folder, or a name from list_presets(). Received: {name_or_folder!r:.80}"
        )
    names = trained_models.list_presets()
    folder = trained_models.FOLDER / name_or_folder
    if name_or_folder not in names:
        folder = pathlib.Path(name_or_folder)
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # no folder can have this name
            folders.finish(folder.resolve())
        if os.path.isfile(folder):
            raise InputError(f"{folder} is a file: give a folder that a recipe's --output wrote.")
        if not os.path.isdir(folder):
            check_choice("trained model, and no folder of that name", str(name_or_folder), names)
    return folder, read_card(folder)


def load(name_or_folder):
    """Opens a trained model, ready to use.

    A model that `zoo.build` made is built again and gets the saved weights. So it opens with every
    supported version of Keras and on every backend, even if it was trained with another one. A model
    that was changed by hand is made from the config in `model.keras`. Another version of Keras may
    refuse that.

    A file is opened only if its SHA-256 is the one in `task.json`. Nothing in the folder is run as
    code: Keras opens the model in safe mode. If the model has a cell or layers of your own, first
    import the module that registers them. `needs` in `task.json` names these classes.

    Args:
        name_or_folder: a name from `list_presets()`, or a folder that a recipe's `--output` wrote. If a
            folder has the name of a trained model of the package, give a `pathlib.Path` or `"./name"`.

    Returns:
        A `Task`, with `predict(inputs)` or `generate(inputs)`.

    Raises:
        ValueError: there is no such trained model or folder; a file is missing, damaged or changed;
            `task.json` is of a later version, names an unknown task, or does not fit the model; or this
            version of Keras cannot make the model.

    Example:

    >>> task = load("sentiment-sst2-lstm")
    >>> task.predict(["The food is not good"])
    [{'negative': 0.81..., 'positive': 0.18...}]
    """
    folder, card = find(name_or_folder)
    files = {}
    for name, sha256 in card["sha256"].items():
        path = folder / name
        try:
            files[name] = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{folder} lacks {name}. Copy or train the model again.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise InputError(f"{path} is not the file that was saved (its sha256 differs).")
    check_choice(f"task in {folder / CARD_FILE}", card["task"], TASKS)

    import keras

    from zoo.tasks.own_classes import check_needed

    check_needed(folder, card)
    try:
        return _from_bytes(files.pop(MODEL_FILE), card.get("build"), card, files)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{folder} needs the package {error.name}: install rnn-zoo with its extra 'recipes'."
        ) from None
    except InputError as error:
        raise InputError(f"{folder} cannot be opened: {error}") from None
    except Exception as error:  # for a damaged file, Keras and HDF5 raise almost anything
        raise InputError(
            f"{folder} cannot be opened with Keras {keras.__version__}. "
            f"{_advice(folder, card)}{one_line(error, 300)}"
        ) from error


def _make(model, card, files):
    """The `Task` for an opened model, if the card fits it."""
    try:
        module = importlib.import_module(f"zoo.tasks.{card['task']}")
        module.check_card(card, model)
        answer = module.make_answer(model, card, files)
    except InputError as error:
        raise InputError(f"{CARD_FILE} does not fit the model: {error}") from None
    return Task(model, card, answer, files)


def _from_bytes(content, build, card, files):
    """The `Task` for the bytes of a `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / MODEL_FILE
        path.write_bytes(content)
        return _make(model_files.read(path, build), card, files)


def _advice(folder, card):
    """What to do if this version of Keras cannot open a folder that another version wrote."""
    import keras

    wrote = (card.get("versions") or {}).get("keras", keras.__version__)
    if wrote == keras.__version__:
        return ""
    if card["format"] > 1:
        return f"Install the version that wrote it: keras=={wrote}. "
    command = f'python -c "import zoo; zoo.tasks.convert({str(folder)!r})"'
    return f"Convert it with the version that wrote it: install keras=={wrote} and run {command}. "


def convert(folder, build=None):
    """Changes a folder of format 1 so that more versions of Keras can open it.

    Run this with the version of Keras that wrote the folder. A changed copy replaces the folder. If the
    process is interrupted, one of the two folders is there.

    Args:
        folder: a folder that an earlier version of `save` wrote.
        build: the arguments of `zoo.build`, as `zoo.registry.build_arguments` returns them. None if you
            do not know them. Then only the arguments that have their default value are removed from the
            config in `model.keras`, because other versions of Keras may not have them.

    Raises:
        ValueError: see `load`; or `build` makes another model than the one in the folder.

    Example:

    >>> convert("my-model")  # doctest: +SKIP
    """
    folder, card = find(folder)
    model = load(folder).model
    if build and structure(rebuild(build)) != structure(model):
        raise InputError(f"{folder} holds another model than build makes. Received: {build}")
    folder = folder.resolve()
    with folders.work_folder(folder) as new:
        shutil.copytree(folder, new, symlinks=True, dirs_exist_ok=True)
        model_files.leave_out_defaults(new / MODEL_FILE)
        card |= {"format": FORMAT, "build": build}
        card["sha256"][MODEL_FILE] = hash_of(new / MODEL_FILE)
        write_card(new, card)
        folders.replace(new, folder)
