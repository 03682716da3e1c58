"""Transliteration: words to the same words in another script. All of it is as for pronunciations."""

from zoo.tasks.pronunciation import check_card, make_answer

__all__ = ["check_card", "make_answer"]
