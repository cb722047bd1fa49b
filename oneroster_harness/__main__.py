"""`python -m oneroster_harness` is the `oneroster` command."""

from oneroster_harness.cli import main

main()
