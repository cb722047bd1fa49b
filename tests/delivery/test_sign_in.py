"""Who may sign in, and what a client can reach: its own folder, to read, and nothing else."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import paramiko
import pytest

from mock_server.delivery.accounts import accounts_of, host_key, public_line
from mock_server.delivery.control import Address, send
from oneroster_harness.problems import CannotRun, UsageProblem
from tests.delivery.client import connected, key_of, tree
from tests.delivery.conftest import VENDORS, Deliver, Running


def test_the_overall_account_sees_every_vendor_and_its_path_is_the_first_one(running: Running) -> None:
    with connected(running.entry) as client:
        assert sorted(client.listdir("/")) == sorted(VENDORS)
        assert running.entry["path"] == "/reference"
        assert "users.csv" in client.listdir(running.entry["path"])


def test_a_vendors_account_sees_its_own_folder_only(running: Running) -> None:
    with connected(running.sign_in("classlink")) as client:
        assert "users.csv" in client.listdir("/")
        for path in ("/reference", "../reference", "/../reference/users.csv", "/classlink"):
            with pytest.raises(FileNotFoundError):
                client.stat(path)


@pytest.mark.parametrize("path", ["../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "../bundles/reference", "./../../delivery"])
def test_nothing_outside_the_root_can_be_read(running: Running, path: str) -> None:
    with connected(running.entry) as client, pytest.raises(FileNotFoundError):
        client.open(path, "rb")


def test_a_link_that_leads_outside_is_no_file(running: Running, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("secret")
    folder = running.service.root / "reference"
    folder.joinpath("link.csv").symlink_to(secret)
    folder.joinpath("out").symlink_to(tmp_path)
    with connected(running.entry) as client:
        for path in ("/reference/link.csv", "/reference/out/secret.csv"):
            with pytest.raises(FileNotFoundError):
                client.open(path, "rb")
        with pytest.raises(FileNotFoundError):
            client.listdir("/reference/out")
    running.order("drop", "reference")
    assert secret.read_text() == "secret"
    assert not folder.joinpath("out").exists()


def test_a_client_can_change_nothing(running: Running) -> None:
    with connected(running.sign_in("reference")) as client:
        before = tree(client)
        for attempt in (
            lambda: client.open("new.csv", "w"), lambda: client.open("users.csv", "r+"), lambda: client.open("users.csv", "a"),
            lambda: client.remove("users.csv"), lambda: client.rename("users.csv", "u.csv"), lambda: client.posix_rename("users.csv", "u.csv"),
            lambda: client.mkdir("folder"), lambda: client.rmdir("/"), lambda: client.truncate("users.csv", 1),
            lambda: client.chmod("users.csv", 0o600), lambda: client.symlink("users.csv", "link.csv"), lambda: client.utime("users.csv", (1, 1)),
        ):  # fmt: skip
            with pytest.raises(PermissionError):
                attempt()
        assert tree(client) == before


def test_a_writable_server_lets_a_client_take_a_file_away(deliver: Deliver) -> None:
    running = deliver(is_writable=True)
    with connected(running.sign_in("reference")) as client:
        client.rename("users.csv", "done-users.csv")
        client.remove("orgs.csv")
        assert "done-users.csv" in client.listdir() and "orgs.csv" not in client.listdir()
        with pytest.raises(FileNotFoundError):
            client.open("../new.csv/../../new.csv/x", "w")
        client.open("../new.csv", "w").close()
    assert not running.service.root.joinpath("new.csv").exists()


@pytest.mark.parametrize(
    ("username", "password"),
    [("oneroster", "wrong"), ("oneroster", ""), ("nobody", ""), ("reference", None), ("classlink", "classlink")],
)
def test_a_wrong_password_is_refused(running: Running, username: str, password: str | None) -> None:
    # None: the password of another account.
    tried = running.entry["password"] if password is None else password
    with pytest.raises(paramiko.AuthenticationException), connected({**running.entry, "username": username, "password": tried}):
        pass


def test_the_host_key_is_pinned(running: Running) -> None:
    other = public_line(host_key(2))
    with pytest.raises(paramiko.SSHException, match="host key"), connected({**running.entry, "host_key": other}):
        pass


def test_keys_and_passwords_come_from_the_seed(running: Running) -> None:
    assert public_line(host_key(1)) == running.entry["host_key"] == public_line(host_key(1))
    assert public_line(host_key(2)) != running.entry["host_key"]
    assert key_of(running.entry["host_key"]).get_name() == "ssh-ed25519"
    passwords = {account.password for seed in (1, 2) for account in accounts_of(seed, VENDORS).values()}
    assert len(passwords) == 2 * (len(VENDORS) + 1)
    assert running.entry["password"] == accounts_of(1, VENDORS)["oneroster"].password


def test_a_key_signs_in_where_it_was_given(deliver: Deliver, running: Running) -> None:
    own, other = paramiko.RSAKey.generate(2048), paramiko.RSAKey.generate(2048)
    with_keys = deliver(client_keys=f"ssh-rsa {own.get_base64()} somebody\n")
    with connected(with_keys.entry, private_key=own) as client:
        assert "reference" in client.listdir("/")
    for entry, key in ((with_keys.entry, other), (running.entry, own), ({**with_keys.entry, "username": "nobody"}, own)):
        with pytest.raises(paramiko.AuthenticationException), connected(entry, private_key=key):
            pass


def test_there_is_no_shell_no_command_and_no_forwarding(running: Running) -> None:
    transport = paramiko.Transport((running.entry["host"], running.entry["port"]))
    try:
        transport.connect(key_of(running.entry["host_key"]), running.entry["username"], running.entry["password"])
        for ask in (lambda session: session.exec_command("id"), lambda session: session.invoke_shell(), lambda session: session.get_pty()):
            with pytest.raises(paramiko.SSHException):
                ask(transport.open_session())
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", running.address.port), ("127.0.0.1", 1))
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
    finally:
        transport.close()


def test_no_log_line_holds_a_secret(deliver: Deliver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    running = deliver()
    with connected(running.entry) as client:
        tree(client, "/classlink")
    with pytest.raises(paramiko.AuthenticationException), connected({**running.entry, "password": "wrong-secret"}):
        pass
    told = "".join(caplog.messages) + "".join(capfd.readouterr()) + str(running.order("show", "classlink")["opened"])
    assert "users.csv" in told
    for account in accounts_of(1, VENDORS).values():
        assert account.password not in told
    assert "wrong-secret" not in told and running.address.token not in told
    assert running.address.token not in repr(running.address)


def test_orders_need_their_token(running: Running) -> None:
    for token in ("", "wrong"):
        with pytest.raises(ConnectionError):
            send(Address(running.address.port, token), {"order": "reset"})


def test_a_port_in_use_is_told(deliver: Deliver, running: Running) -> None:
    with pytest.raises(CannotRun, match="cannot be used for SFTP"):
        deliver(sftp_port=running.entry["port"])


def test_unreadable_keys_are_told(deliver: Deliver) -> None:
    with pytest.raises(UsageProblem, match="public keys cannot be read"):
        deliver(client_keys="no key at all\n")


def test_a_share_is_filled_without_a_server(deliver: Deliver, tmp_path: Path) -> None:
    running = deliver(sftp_port=None, share=tmp_path / "share")
    assert running.service.ready_entry() is None
    shown = running.order("show", "classlink")
    assert (shown["sftp"], shown["share"]) == (None, str(tmp_path / "share" / "classlink"))
    running.order("drop", "reference", form="zip", habits=["delivery.temporary-name"], pace_s=None)
    assert tmp_path.joinpath("share", "reference", "oneroster.zip.part").exists()
    while running.order("step", "reference")["status"] == "uploading":
        pass
    assert os.listdir(tmp_path / "share" / "reference") == ["oneroster.zip"]


def test_an_end_in_the_middle_of_a_drop_is_quick_and_leaves_a_share_as_it_is(deliver: Deliver, tmp_path: Path) -> None:
    running = deliver(share=tmp_path / "share")
    running.order("drop", "reference", form="zip", habits=["delivery.partial-visible"], pace_s=None)
    with connected(running.entry) as client:
        size = client.stat("/reference/oneroster.zip").st_size
        running.service.stop()
        with pytest.raises(OSError):
            client.listdir("/")
    assert tmp_path.joinpath("share", "reference", "oneroster.zip").stat().st_size == size
    with pytest.raises(ConnectionRefusedError), connected(running.entry):
        pass
