"""The conformance suite: checks of providers and of CSV bundles, and what to do about each finding.

Called by the `check` command and as pytest cases. Reads only, unless writes are allowed by name; shares the
standard's tables with the mock but none of its behaviour.
"""
