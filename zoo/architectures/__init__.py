"""The architecture types. Each file has one builder with the same name."""
