"""Signing in: credentials of the seed, tokens, signatures, and the gate before every read."""
