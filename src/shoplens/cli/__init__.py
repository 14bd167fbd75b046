"""The command line: one verb per use case."""
