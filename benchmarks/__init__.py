"""Speed and memory as ratios measured side by side in one run; never timed tests.

Run as `python -m benchmarks [--full] [NAME ...]`. Machines are noisy: both sides of a ratio are interleaved, repeated,
and told as medians; every line says the figure, the target and whether it holds.
"""
