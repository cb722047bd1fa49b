"""Tests of runs by a schedule and of what an operator sees of them."""
