"""One file a type of the textbook, each with one builder of the same name."""
