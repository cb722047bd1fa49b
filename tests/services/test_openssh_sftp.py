"""The drop folder as OpenSSH's own client reads it: the pinned key, a password, a private key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mock_server.mock_process import RunningMock, running_mock

pytestmark = pytest.mark.services
WITHIN_S = 60


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key of the client, made by OpenSSH."""
    assert shutil.which("sftp") and shutil.which("ssh-keygen"), "no OpenSSH client is installed; run .ci/services"
    path = tmp_path_factory.mktemp("keys") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def mock(key: Path) -> Iterator[RunningMock]:
    """A server that delivers, and knows the key."""
    with running_mock(students=40, options=["--sftp-port", "0", "--sftp-keys", f"{key}.pub"]) as found:
        yield found


def sftp(
    folder: Path, entry: Mapping[str, Any], batch: str, *, password: str | None = None, key: Path | None = None, host_key: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a batch of OpenSSH's client, in a folder, without any configuration of this machine."""
    known, ask = folder / "known_hosts", folder / "ask"
    known.write_text(f"[{entry['host']}]:{entry['port']} {host_key or entry['host_key']}\n")
    ask.write_text('#!/bin/sh\nprintf "%s\\n" "$DROP_PASSWORD"\n')
    ask.chmod(0o700)
    kind = "publickey" if key else "password"
    options = {
        "UserKnownHostsFile": str(known), "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes", "IdentitiesOnly": "yes",
        "PreferredAuthentications": kind, "NumberOfPasswordPrompts": "1", "BatchMode": "no",
    }  # fmt: skip
    command = ["sftp", "-F", "/dev/null", "-P", str(entry["port"]), *(f"-o{name}={value}" for name, value in options.items())]
    command += ["-i", str(key)] if key else []
    # No -b: it forbids passwords. Commands come from standard input as well.
    return subprocess.run(
        [*command, f"{entry['username']}@{entry['host']}"], input=batch, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False,
        env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DROP_PASSWORD": password or "", "SSH_AUTH_SOCK": ""},
    )  # fmt: skip


def test_a_folder_is_fetched_with_the_password(mock: RunningMock, tmp_path: Path) -> None:
    entry = mock.ready["sftp"]
    done = sftp(tmp_path, entry, f"get -r {entry['path']} fetched\n", password=entry["password"])
    assert done.returncode == 0, done.stderr
    made = tmp_path / "generated"
    subprocess.run([sys.executable, "-m", "oneroster_harness", "generate", str(made), "--students", "40"], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "fetched").iterdir()} == {path.name: path.read_bytes() for path in made.iterdir()}


def test_an_archive_is_fetched_with_a_key(mock: RunningMock, key: Path, tmp_path: Path) -> None:
    mock.admin("POST", "/vendors/infinite-campus/drop", {"form": "zip"})
    entry = mock.admin("GET", "/vendors/infinite-campus/delivery")["sftp"]
    done = sftp(tmp_path, entry, "ls -l\nget oneroster.zip\n", key=key)
    assert done.returncode == 0, done.stderr
    assert "district district" in " ".join(done.stdout.split())
    assert tmp_path.joinpath("oneroster.zip").read_bytes().startswith(b"PK")


def test_a_partial_file_is_fetched_as_far_as_it_came(mock: RunningMock, tmp_path: Path) -> None:
    entry = mock.ready["sftp"]
    sizes = []
    mock.admin("POST", "/vendors/reference/drop", {"form": "zip", "habits": ["delivery.partial-visible"], "pace_s": None})
    for _ in range(2):
        assert sftp(tmp_path, entry, "get /reference/oneroster.zip\n", password=entry["password"]).returncode == 0
        sizes.append(tmp_path.joinpath("oneroster.zip").stat().st_size)
        mock.admin("POST", "/vendors/reference/drop/step")
    mock.admin("POST", "/reset")
    assert 0 < sizes[0] < sizes[1]


@pytest.mark.parametrize("batch", ["put {file} new.csv", "rm /reference/users.csv", "rename /reference/users.csv x.csv", "mkdir x", "chmod 600 /reference/users.csv"])
def test_a_change_is_refused(mock: RunningMock, tmp_path: Path, batch: str) -> None:
    entry = mock.ready["sftp"]
    tmp_path.joinpath("own.csv").write_text("x")
    done = sftp(tmp_path, entry, batch.format(file="own.csv") + "\n", password=entry["password"])
    assert "ermission denied" in done.stderr or "read only" in done.stderr
    again = sftp(tmp_path, entry, "ls -1 /reference\nls -1 /\n", password=entry["password"])
    assert "/reference/users.csv" in again.stdout and "new.csv" not in again.stdout and "/x" not in again.stdout


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd", "/reference/../../bundles"])
def test_nothing_outside_the_root_is_fetched(mock: RunningMock, tmp_path: Path, path: str) -> None:
    entry = mock.ready["sftp"]
    done = sftp(tmp_path, entry, f"get -r {path} stolen\n", password=entry["password"])
    assert "not found" in done.stderr or "o such file" in done.stderr
    assert not tmp_path.joinpath("stolen").exists()


def test_a_wrong_password_and_a_wrong_host_key_are_refused(mock: RunningMock, tmp_path: Path) -> None:
    entry = mock.ready["sftp"]
    wrong = sftp(tmp_path, entry, "ls\n", password="wrong")
    assert wrong.returncode != 0 and "Permission denied" in wrong.stderr
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxKuk8yAyd7xCqcqLuQvXRSkr3rxTeARoWkoTWYT7l9"
    unknown = sftp(tmp_path, entry, "ls\n", password=entry["password"], host_key=other)
    assert unknown.returncode != 0 and "erification failed" in unknown.stderr


def test_there_is_no_command_to_run(mock: RunningMock, key: Path, tmp_path: Path) -> None:
    entry = mock.ready["sftp"]
    command = [
        "ssh", "-F", "/dev/null", "-p", str(entry["port"]), "-i", str(key), "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=no",
        f"-oUserKnownHostsFile={tmp_path / 'hosts'}", "-oBatchMode=yes", f"{entry['username']}@{entry['host']}", "id",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode != 0
    assert "uid=" not in done.stdout
