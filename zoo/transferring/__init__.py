"""`zoo.transfer`: pretrain a language model, and start another model from its weights."""

from zoo.transferring.weights import transfer

__all__ = ["transfer"]
