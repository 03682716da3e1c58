"""A loaded task is called from several threads, as a web server does."""

import concurrent.futures

import pytest

import zoo


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("name", "verb", "inputs", "options"),
    [
        ("sentiment-sst2-lstm", "predict", ["good", "The food is not good", "a film"], {}),
        pytest.param(
            *("ner-conll2003-lstm", "predict", ["Paris", "John lives in New York ."], {}),
            marks=pytest.mark.exhaustive,
        ),
        ("forecasting-sunspots-gru", "predict", [30.0] * 40, {}),
        ("text-shakespeare-lstm", "generate", ["ROMEO:", "A"], {"max_length": 30}),
        pytest.param(
            *("pronunciation-cmudict-gru", "generate", ["hello", "zoo"], {"strategy": "sample"}),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_threads_get_the_answers_of_one_after_the_other(name, verb, inputs, options):
    def ask(task, seed):
        seeds = {"seed": seed} if verb == "generate" else {}
        return getattr(task, verb)(inputs, **options, **seeds)

    task = zoo.load(name)
    expected = [ask(task, seed) for seed in range(8)]
    task = zoo.load(name)  # anew, so that threads meet while it compiles
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda seed: ask(task, seed), range(8))) == expected
