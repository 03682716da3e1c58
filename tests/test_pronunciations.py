"""Words with their phonemes: the dictionary of `load_pronunciations`."""

import zoo


def test_stress_marks_and_what_they_alone_tell_apart_are_dropped(tmp_path):
    rows = ["record\tR AH0 K AO1 R D", "record\tR EH1 K ER0 D", "record\tR EH2 K ER0 D"]
    rows += ["妈\tm a˥ x1", *(f"{a}{b}{c}\tX" for a in "bdkmst" for b in "aeiou" for c in "lnp")]
    (tmp_path / "own.tsv").write_text("\n".join(rows))
    splits = zoo.datasets.load_pronunciations(str(tmp_path / "own.tsv"))
    words = {word: listed for split in splits.values() for word, listed in split.items()}
    assert words["record"] == [("R", "AH", "K", "AO", "R", "D"), ("R", "EH", "K", "ER", "D")]
    assert words["妈"] == [("m", "a˥", "x1")]
