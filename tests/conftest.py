"""Marks by folder: what needs a running server, or makes many districts, is not part of the fast tier."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no finding: how long an example takes decides no test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
HERE = Path(__file__).parent
SLOW = (
    "conformance/test_baselines.py", "conformance/test_ci_examples.py", "conformance/test_comparing.py", "conformance/test_profiles.py",
    "data_gen/test_realism.py", "data_gen/test_record_defects.py", "data_gen/test_school_year.py", "data_gen/test_seen_rows.py",
    "data_gen/test_workers.py",
)  # fmt: skip
SERVED = (
    "mock_server", "meeting", "consumers", "diagnosis", "sync_engine", "services", "conformance/test_api_faults.py", "conformance/test_api_faults_1p2.py", "conformance/test_politeness.py", "conformance/test_limits_of_reading.py", "conformance/test_root_causes.py", "delivery/test_arrivals.py",
    "delivery/test_habits.py", "delivery/test_sign_in.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start processes of their own, and those that take long without."""
    for item in items:
        if any(item.path.is_relative_to(HERE / name) for name in SLOW):
            item.add_marker(pytest.mark.slow)
        if any(item.path.is_relative_to(HERE / name) for name in SERVED):
            item.add_marker(pytest.mark.served)
