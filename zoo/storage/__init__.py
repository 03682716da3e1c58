"""Models and their folders on disk."""
