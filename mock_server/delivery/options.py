"""What `oneroster serve` is asked about delivery: its options, and the service that they lead to.

Called by the command, which knows nothing else of delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oneroster_harness.problems import CannotRun, UsageProblem, unknown
from oneroster_standard.dialects import Dialect
from oneroster_standard.dialects.delivery import load_habits
from oneroster_standard.store import Store

if TYPE_CHECKING:
    from mock_server.delivery.service import Service

PREFIX = "delivery."
MARKER = ".oneroster-share"
"""In a share's folder: that the vendors' folders in it are ours to empty."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for. sftp_port None: no SFTP server. share None: a folder that goes with the server."""

    sftp_port: int | None = None
    share: Path | None = None
    client_keys: str = ""
    is_writable: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether anything is delivered at all."""
        return self.sftp_port is not None or self.share is not None

    def check(self, habits: Mapping[str, Sequence[str]]) -> None:
        """Raise UsageProblem for habits where nothing is delivered."""
        for habit in (one for ids in habits.values() for one in ids if not self.is_asked):
            raise UsageProblem(
                f"{habit} where nothing is delivered", "--sftp-port or --share-dir", try_="add --sftp-port 0"
            )


@dataclass(frozen=True, slots=True)
class Sender:
    """A vendor whose bundles are delivered. dialect: its name or file; habits: on beside its own."""

    vendor: str
    dialect: str
    store: Path
    habits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A running delivery: the ready file's entry, and what a worker needs to send orders."""

    entry: Mapping[str, Any] | None = None
    address: Mapping[str, Any] | None = None


def delivery_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command's options; they arrive as one argument, `wishes`."""
    options = [
        click.option(
            "--sftp-port",
            type=click.IntRange(0, 65535),
            help="Drop bundles on an SFTP server; loopback port, 0 takes a free one",
        ),
        click.option(
            "--share-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="Drop bundles into this folder, one folder per vendor",
        ),
        click.option(
            "--sftp-keys",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Public keys that may sign in, as in authorized_keys",
        ),
        click.option(
            "--sftp-writable", is_flag=True, help="Let SFTP clients remove, rename and upload files"
        ),
    ]

    def gathered(
        *,
        sftp_port: int | None,
        share_dir: Path | None,
        sftp_keys: Path | None,
        sftp_writable: bool,
        **others: Any,
    ) -> Any:
        if sftp_port is None and (sftp_keys or sftp_writable):
            raise UsageProblem(
                "--sftp-keys or --sftp-writable without --sftp-port",
                "an SFTP server",
                try_="add --sftp-port 0",
            )
        return command(wishes=Wishes(sftp_port, share_dir, _keys(sftp_keys), sftp_writable), **others)

    gathered.__doc__ = command.__doc__
    gathered.__name__ = command.__name__
    # Options that the command already has stay in front of these.
    gathered.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    found: Callable[..., Any] = gathered
    for option in reversed(options):
        found = option(found)
    return found


def _keys(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(
            "the public keys cannot be read",
            "lines of an authorized_keys file: ssh-ed25519 AAAA...",
            str(path),
        ) from error


def take_habits(quirks: MutableMapping[str, list[str]]) -> dict[str, list[str]]:
    """Take the habits of delivery out of the quirks by vendor, and return them.

    Raises UsageProblem for an unknown id.
    """
    found = {vendor: [one for one in ids if one.startswith(PREFIX)] for vendor, ids in quirks.items()}
    for vendor, habits in found.items():
        quirks[vendor] = [one for one in quirks[vendor] if one not in habits]
        for habit in habits:
            if habit.partition("=")[0] not in load_habits():
                raise unknown("delivery habit", habit.partition("=")[0], load_habits())
    return found


def senders_of(
    rows: Sequence[Mapping[str, Any]], dialects: Sequence[Dialect], habits: Mapping[str, Sequence[str]]
) -> list[Sender]:
    """Senders of the vendors that are served; rows: the workers' configuration of each."""
    return [
        Sender(dialect.name, str(row["dialect"]), Path(str(row["store"])), tuple(habits[dialect.name]))
        for row, dialect in zip(rows, dialects, strict=True)
    ]


def prepare_share(share: Path, vendors: Sequence[str]) -> None:
    """Make a share's folder, or see that it is ours.

    Raises UsageProblem when a vendor's folder in it holds files of somebody else, CannotRun when it cannot be made.
    """
    try:
        share.mkdir(parents=True, exist_ok=True)
        if not share.joinpath(MARKER).exists():
            for vendor in vendors:
                if share.joinpath(vendor).exists() and any(share.joinpath(vendor).iterdir()):
                    raise UsageProblem(
                        f"the folder {vendor} holds files",
                        "an empty one: drops replace what is there",
                        str(share),
                        "name another --share-dir",
                    )
            share.joinpath(MARKER).touch()
    except OSError as error:
        raise CannotRun(
            f"the share cannot be used: {error.strerror}", "a folder that may be written to", str(share)
        ) from error


@contextmanager
def delivering(
    senders: Sequence[Sender], wishes: Wishes, folder: Path, bundler: Callable[..., Any]
) -> Iterator[Delivery]:
    """Deliver for the length of a with block, if that was asked for.

    folder: for what is temporary; the caller removes it afterwards.
    """
    if not wishes.is_asked:
        yield Delivery()
        return
    # Here, not above: a server that delivers nothing should not pay for the SSH library.
    from mock_server.delivery.service import Service

    if wishes.share:
        prepare_share(wishes.share, [sender.vendor for sender in senders])
    store = Store.open(senders[0].store)
    seed, as_of = int(store.meta["seed"]), date.fromisoformat(store.meta["as_of"])
    store.close()
    service: Service = Service(senders, wishes, folder, seed=seed, as_of=as_of, bundler=bundler)
    try:
        address = service.start()
        yield Delivery(service.ready_entry(), asdict(address))
    finally:
        service.stop()
