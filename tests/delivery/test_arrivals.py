"""How drops come to lie in the folder, seen by a client that looks again and again."""

from __future__ import annotations

from pathlib import Path

import paramiko
import pytest

from data_gen.bundle import from_store_to
from tests.delivery.client import Files, tree, unzipped
from tests.delivery.conftest import Running

ZIP = "oneroster.zip"


def size(client: paramiko.SFTPClient, name: str) -> int:
    """Bytes of a file."""
    return int(client.stat(name).st_size or 0)


def begin(running: Running, *habits: str, form: str = "zip") -> None:
    """Start a drop that waits at every step."""
    dropped = running.order("drop", "reference", form=form, habits=[f"delivery.{habit}" for habit in habits], pace_s=None)
    assert dropped["status"] == "uploading"


def step(running: Running) -> str:
    """Carry a drop on; returns its status."""
    return str(running.order("step", "reference")["status"])


@pytest.fixture(scope="module")
def archive(stores: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The archive that the generator writes."""
    path = tmp_path_factory.mktemp("archive") / "a.zip"
    from_store_to(stores["reference"], path)
    return path.read_bytes()


def test_the_first_drop_is_the_generated_bundle(running: Running, clean: Files, archive: bytes) -> None:
    assert clean == unzipped(archive)
    assert len(clean) >= 8


def test_a_drop_replaces_the_one_before(running: Running, client: paramiko.SFTPClient, clean: Files, archive: bytes) -> None:
    running.order("drop", "reference", form="zip")
    assert tree(client) == {ZIP: archive}
    running.order("drop", "reference", form="folder")
    assert tree(client) == clean


def test_an_archive_grows_under_its_final_name(running: Running, client: paramiko.SFTPClient, archive: bytes) -> None:
    begin(running, "partial-visible")
    sizes = [size(client, ZIP)]
    with client.open(ZIP, "rb") as stream:
        cut = stream.read()
    assert archive.startswith(cut) and len(cut) < len(archive)
    while step(running) == "uploading":
        sizes.append(size(client, ZIP))
    assert sizes == sorted(set(sizes)) and len(sizes) == 3
    assert tree(client) == {ZIP: archive}


def test_loose_files_grow_one_after_the_other(running: Running, client: paramiko.SFTPClient, clean: Files) -> None:
    begin(running, "partial-visible", form="folder")
    first = min(clean)
    assert 0 < size(client, first) < len(clean[first])
    running.order("drop", "reference", status=409)
    steps = 1
    while step(running) == "uploading":
        steps += 1
    assert steps == 3 * len(clean)
    assert tree(client) == clean


def test_a_file_is_uploaded_under_another_name_and_renamed(running: Running, client: paramiko.SFTPClient, archive: bytes) -> None:
    begin(running, "temporary-name")
    assert {f"{ZIP}.part"} == {name for name in client.listdir() if name.startswith(ZIP)}
    while step(running) == "uploading":
        assert 0 < size(client, f"{ZIP}.part") < len(archive)
    assert tree(client) == {ZIP: archive}


def test_an_upload_goes_on_by_itself_when_it_has_a_pace(running: Running, client: paramiko.SFTPClient, archive: bytes) -> None:
    running.order("drop", "reference", form="zip", habits=["delivery.partial-visible"], pace_s=0)
    while running.order("show", "reference")["drops"][-1]["status"] == "uploading":
        pass
    assert tree(client) == {ZIP: archive}


def test_an_upload_that_breaks_off_stays_cut(running: Running, client: paramiko.SFTPClient, archive: bytes) -> None:
    dropped = running.order("drop", "reference", form="zip", habits=["delivery.upload-aborted"])
    assert dropped["status"] == "broken-off"
    found = tree(client)[ZIP]
    assert archive.startswith(found) and len(found) < len(archive)


def test_a_loose_file_breaks_off_inside_a_row(running: Running, client: paramiko.SFTPClient, clean: Files) -> None:
    running.order("drop", "reference", form="folder", habits=["delivery.upload-aborted=enrollments.csv"])
    found = tree(client)
    cut = found.pop("enrollments.csv")
    whole = clean.pop("enrollments.csv")
    assert found == clean
    assert whole.startswith(cut) and not cut.endswith(b"\n") and whole[len(cut) :].count(b"\n") > 10


def test_an_overwritten_file_is_emptied_while_a_client_holds_it(running: Running, client: paramiko.SFTPClient, another_store: Path) -> None:
    running.order("configure", "reference", form="zip", habits=["delivery.overwritten-in-place"])
    running.order("drop", "reference")
    with client.open(ZIP, "rb") as held:
        before = held.read()
        running.service.deliver("reference", another_store)
        running.order("drop", "reference")
        held.seek(0)
        assert held.read() == tree(client)[ZIP] != before


def test_a_file_that_arrives_whole_leaves_an_open_one_alone(
    running: Running, client: paramiko.SFTPClient, clean: Files, another_store: Path
) -> None:
    with client.open("users.csv", "rb") as held:
        running.service.deliver("reference", another_store)
        running.order("drop", "reference")
        assert held.read() == clean["users.csv"] != tree(client)["users.csv"]


def test_a_stale_drop_repeats_the_one_before(running: Running, client: paramiko.SFTPClient, clean: Files, another_store: Path) -> None:
    running.service.deliver("reference", another_store)
    for form in ("folder", "zip", "folder"):
        running.order("drop", "reference", form=form, habits=["delivery.stale"])
    assert tree(client) == clean
    running.order("drop", "reference")
    assert tree(client)["users.csv"] != clean["users.csv"]


def test_on_a_late_day_nothing_arrives(running: Running, client: paramiko.SFTPClient, clean: Files, another_store: Path) -> None:
    running.service.deliver("reference", another_store)
    running.order("configure", "reference", schedule="daily 02:00", habits=["delivery.late"])
    (missed,) = running.order("advance", days=1)["drops"]["reference"]
    assert (missed["status"], missed["files"]) == ("late", [])
    assert tree(client) == clean
    running.order("configure", "reference", habits=[])
    (came,) = running.order("advance", days=1)["drops"]["reference"]
    assert came["status"] == "arrived"
    assert tree(client) != clean


@pytest.mark.parametrize(
    ("form", "first", "last"), [("zip", "oneroster_20261001.zip", "oneroster_20261003.zip"), ("folder", "users_20261001.csv", "users_20261003.csv")]
)
def test_old_dated_files_pile_up(running: Running, client: paramiko.SFTPClient, form: str, first: str, last: str) -> None:
    running.order("configure", "reference", form=form, habits=["delivery.old-files-pile-up"])
    made = running.order("advance", days=3)["drops"]["reference"]
    assert [drop["at"][:10] for drop in made] == ["2026-10-01", "2026-10-02", "2026-10-03"]
    assert {first, first.replace("01.", "02."), last} <= set(client.listdir())
    assert client.stat(first).st_mtime != client.stat(last).st_mtime


def test_files_bear_the_time_of_the_calendar(running: Running, client: paramiko.SFTPClient) -> None:
    assert client.stat("users.csv").st_mtime == 1_790_812_800  # 2026-10-01, midnight UTC
    running.order("advance", days=1)
    assert client.stat("users.csv").st_mtime == 1_790_812_800 + 2 * 3600


def test_a_weekly_schedule_drops_on_its_days_only(running: Running) -> None:
    running.order("configure", "reference", schedule="weekly mon 04:00")
    assert running.order("show", "reference")["next"] == "2026-10-05T04:00:00+00:00"
    assert running.order("advance", days=3)["drops"]["reference"] == []
    (made,) = running.order("advance", days=2)["drops"]["reference"]
    assert made["at"] == "2026-10-05T04:00:00+00:00"


def test_a_clock_with_a_speed_reaches_the_schedule_by_itself(running: Running) -> None:
    running.order("configure", "reference", schedule="every 1h")
    before = len(running.order("show", "reference")["drops"])
    running.order("clock", speed=1_000_000)
    made: list[dict[str, str]] = []
    while not any(drop["status"] == "arrived" for drop in made):
        made = running.order("show", "reference")["drops"][before:]
    running.order("clock", speed=0)
    assert made[0]["at"] > "2026-10-01T00"


def test_a_reset_brings_back_the_first_state(running: Running, client: paramiko.SFTPClient, clean: Files, another_store: Path) -> None:
    first = running.order("show", "reference")
    running.service.deliver("reference", another_store)
    running.order("configure", "reference", form="zip", habits=["delivery.dated-name"], schedule="off")
    running.order("advance", days=9)
    begin(running, "partial-visible")
    running.order("reset")
    # What the client read before the reset is forgotten with the rest.
    assert {**running.order("show", "reference"), "opened": first["opened"]} == first
    assert tree(client) == clean


def test_what_a_client_opened_is_counted(running: Running, client: paramiko.SFTPClient) -> None:
    for name in ("users.csv", "users.csv", "orgs.csv"):
        client.open(name, "rb").close()
    assert running.order("show", "reference")["opened"] == {"orgs.csv": 1, "users.csv": 2}


def test_another_store_after_a_reset_is_not_taken_for_an_earlier_one(
    running: Running, client: paramiko.SFTPClient, stores: dict[str, Path], another_store: Path, tmp_path: Path
) -> None:
    running.service.deliver("reference", another_store)
    running.order("drop", "reference", habits=["delivery.quotes-on"])
    running.order("reset")
    running.service.deliver("reference", stores["classlink"])
    running.order("drop", "reference", habits=["delivery.dated-name"])
    from_store_to(stores["classlink"], tmp_path / "bundle")
    assert tree(client)["users_20261001.csv"] == tmp_path.joinpath("bundle", "users.csv").read_bytes()
