"""Consumers that are judged by tests: one that does well, and the same one with a single bad habit."""
