"""Files and folders of trained models."""
