"""Orders that cannot be carried out are told with what was expected, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.delivery.conftest import Running

WRONG = [
    (404, "drop", "nobody", {}, "unknown vendor"),
    (400, "drop", "reference", {"form": "tar"}, "folder or zip"),
    (400, "drop", "reference", {"form": 1}, "form is no text"),
    (400, "drop", "reference", {"habits": "delivery.late"}, "habits is no list"),
    (400, "drop", "reference", {"spec": "2.0"}, "1.1 or 1.2"),
    (400, "drop", "reference", {"pace_s": -1}, "0 to 3600"),
    (400, "drop", "reference", {"pace_s": "fast"}, "pace_s is no number"),
    (400, "drop", "reference", {"habit": []}, "did you mean 'habits'"),
    (400, "configure", "reference", {"schedule": "hourly"}, "daily 02:00"),
    (400, "configure", "reference", {"habits": ["delivery.lat"]}, "did you mean 'delivery.late'"),
    (409, "step", "reference", {}, "no upload is waiting"),
    (400, "clock", "", {"speed": True}, "speed is no number"),
    (400, "clock", "", {"sped": 1}, "did you mean 'speed'"),
    (400, "advance", "", {"days": 1e9}, "0 to 3660"),
    (400, "advance", "", {"day": 1}, "did you mean 'days'"),
    (404, "fly", "", {}, "unknown vendor"),
]


@pytest.mark.parametrize(("status", "order", "vendor", "body", "said"), WRONG)
def test_a_wrong_order_is_told_and_changes_nothing(
    running: Running, status: int, order: str, vendor: str, body: dict[str, Any], said: str
) -> None:
    before = running.order("show", "reference")
    assert said in str(running.order(order, vendor, status=status, **body))
    assert running.order("show", "reference") == before


def test_a_part_of_the_way_can_be_changed_alone(running: Running) -> None:
    running.order("configure", "classlink", form="zip")
    running.order("configure", "classlink", schedule="every 6h")
    shown = running.order("configure", "classlink", habits=[])
    assert (shown["form"], shown["schedule"], shown["habits"]) == ("zip", "every 6h", [])
    assert shown["next"] == "2026-10-01T06:00:00+00:00"
    assert running.order("show", "reference")["form"] == "folder"


def test_a_habit_of_a_column_that_the_version_lacks_is_refused(running: Running) -> None:
    for habit in ("delivery.snapshot-skew", "delivery.user-ids-blank"):
        told = running.order("drop", "reference", status=400, spec="1.2", habits=[habit])
        assert "users.csv of this version has no column role" in told["reason"]
    assert running.order("drop", "reference", spec="1.2", habits=["delivery.tab"])["status"] == "arrived"
