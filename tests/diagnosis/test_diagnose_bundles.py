"""Bundles with a planted defect: the first cause and how to mend it; a clean one has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync_engine.conftest import call


def test_a_clean_bundle_has_no_cause(tmp_path: Path) -> None:
    call("generate", str(tmp_path / "d.zip"), "--students", "30")
    ran = call("diagnose", str(tmp_path / "d.zip"), "--as-of", "2026-10-01", "--json", "-")
    assert (ran.code, ran.document["cause"]) == (0, None)
    assert call("diagnose", str(tmp_path / "d.zip"), "--as-of", "2031-02-01", "--json", "-").document["cause"] == "data.sessions-out-of-range"


def test_a_broken_archive_is_the_first_cause(tmp_path: Path) -> None:
    call("generate", str(tmp_path / "d.zip"), "--students", "30")
    whole = (tmp_path / "d.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    ran = call("diagnose", str(tmp_path / "cut.zip"), "--json", "-")
    assert ran.code == 1 and str(ran.document["cause"]).startswith("csv.")
    assert call("diagnose", str(tmp_path / "none.zip")).code != 0


@pytest.mark.parametrize("defect", ["users.blank-required", "users.bad-email"])
def test_a_defect_is_told_with_its_rule(tmp_path: Path, defect: str) -> None:
    made = call("generate", str(tmp_path / "d"), "--students", "30", "--defect", defect)
    if made.code:
        pytest.fail(made.err)
    ran = call("diagnose", str(tmp_path / "d"), "--json", "-")
    judged = call("check", "csv", str(tmp_path / "d"), "--json", "-").document
    errors = [found["check"] for found in judged["findings"] if found["severity"] == "error"]
    assert ran.document["cause"] == (errors[0] if errors else None)
    assert bool(ran.document["remedy"]) is bool(errors)


def test_the_bundle_of_a_support_case_holds_no_cell(tmp_path: Path) -> None:
    call("generate", str(tmp_path / "d"), "--students", "30", "--defect", "enrollments.dangling-user=3")
    ran = call("diagnose", str(tmp_path / "d"), "--bundle", str(tmp_path / "s.zip"), "--json", "-")
    assert (ran.code, ran.document["cause"]) == (1, "csv.reference")
    names = {line.split(",")[6] for line in (tmp_path / "d" / "users.csv").read_text("utf-8").splitlines()[1:]}
    assert not [name for name in names if len(name) > 5 and name in ran.out + ran.err]
