"""What `pytest --pyargs conformance` collects: the cases of pytest_cases.py."""

from conformance.pytest_cases import pytest_generate_tests, test_api, test_csv, test_profile

__all__ = ["pytest_generate_tests", "test_api", "test_csv", "test_profile"]
