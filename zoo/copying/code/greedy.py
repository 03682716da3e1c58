"""The function of a program that generates sequences."""

LOOP = """\
    for t in range(max_length):
        p = model.predict_on_batch({inputs})[{place}]  # [batch, {vocabulary}]
        best = 2 + p[:, 2:].argmax(axis=-1)  # never padding (0) or an unknown token (1)
        {target} = np.where(is_done, 0, best)
        is_done |= best == end_token
        if is_done.all():
            break
"""
BEGIN = '''\
def generate(model, {first}, max_length=50, start_token={start}, end_token={end}):
    """Greedy decoding: appends the most probable token to each row, until its end token.

    Padding on the right changes nothing. So the rows have their full length from the start, and the
    model is compiled only once.
    """
    {tokens} = np.zeros((len({first}), 1 + max_length), "int32")
    {tokens}[:, 0] = start_token
    is_done = np.zeros(len({first}), bool)
'''
CONTINUE = '''\
def generate(model, {tokens}, max_length=50, end_token={end}):
    """Greedy decoding: continues each row with the most probable token, until its end token.

    Padding on the right changes nothing. So the rows have their full length from the start, and the
    model is compiled only once.
    """
    rows, lengths = np.arange(len({tokens})), np.count_nonzero({tokens}, axis=1)
    {tokens} = np.pad({tokens}, ((0, 0), (0, max_length)))
    generated = np.zeros((len({tokens}), max_length), "int32")
    is_done = np.zeros(len({tokens}), bool)
'''


def write_generate(inputs, start_token, end_token, vocabulary):
    """Writes a function that generates sequences with a model.

    Args:
        inputs: names of the inputs of the model, a list. The tokens are last.
        start_token: the token that a sequence begins with.
        end_token: the token that ends a sequence.
        vocabulary: the size of the vocabulary as text, for a comment.

    Returns:
        The source of the function `generate`.

    Example:

    >>> print(write_generate(["source", "target"], 2, 3, "vocabulary_size").splitlines()[0])
    def generate(model, source, max_length=50, start_token=2, end_token=3):
    """
    *first, tokens = inputs
    if first:
        loop = LOOP.format(
            inputs=f"[{first[0]}, {tokens}]",
            place=":, t",
            target=f"{tokens}[:, t + 1]",
            vocabulary=vocabulary,
        )
        begin = BEGIN.format(first=first[0], tokens=tokens, start=start_token, end=end_token)
        return f"{begin}{loop}    return {tokens}[:, 1 : t + 2]"
    loop = LOOP.format(
        inputs=tokens,
        place="rows, lengths + t - 1",
        target=f"generated[:, t] = {tokens}[rows, lengths + t]",
        vocabulary=vocabulary,
    )
    begin = CONTINUE.format(tokens=tokens, end=end_token)
    return f"{begin}{loop}    return generated[:, : t + 1]"
