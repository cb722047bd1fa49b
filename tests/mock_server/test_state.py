"""What the workers of a server share: stamps, documents, written records, nonces, counters, snapshots."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest

from mock_server.state import SharedState, UnknownSnapshot, Written


def test_a_change_is_seen_through_the_stamp_and_read_by_another(tmp_path: Path) -> None:
    one, other = SharedState(tmp_path), SharedState(tmp_path)
    seen = other.read()
    assert seen.stamp == other.stamp
    one.put("reference/quirks", ["paging.no-link"])
    assert other.stamp != seen.stamp
    now = other.read()
    assert (now.documents, now.stamp) == ({"reference/quirks": ["paging.no-link"]}, other.stamp)
    one.put("reference/quirks", None)
    assert other.read().documents == {}


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    state.put("a", 1)
    before = state.stamp

    def fails(_: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        state.change("a", fails)
    assert (state.stamp, state.read().documents) == (before, {"a": 1})


def test_written_records_are_read_once_each_and_the_last_one_counts(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    state.write([Written("reference/1.1", "lineItems", "a", b"1")])
    state.write([Written("reference/1.1", "lineItems", "a", b"2")])
    first = state.read()
    assert first.written == (Written("reference/1.1", "lineItems", "a", b"2"),)
    assert state.read(first.epoch, first.number).written == ()
    state.write([Written("reference/1.1", "lineItems", "a", b"")])
    assert state.read(first.epoch, first.number).written == (Written("reference/1.1", "lineItems", "a", b""),)


def test_a_reset_goes_back_to_nothing_or_to_a_snapshot(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    state.put("a", 1)
    state.write([Written("o", "c", "x", b"1")])
    state.count("f")
    assert state.snapshot("kept") == "kept"
    seen = state.read()
    state.put("a", 2)
    state.write([Written("o", "c", "y", b"2")])
    state.reset()
    empty = state.read(seen.epoch, seen.number)
    assert (empty.epoch > seen.epoch, empty.documents, empty.written, state.counted("f")) == (True, {}, (), 0)
    state.reset("kept")
    back = state.read(empty.epoch, empty.number)
    assert (back.documents, back.written, state.counted("f")) == ({"a": 1}, (Written("o", "c", "x", b"1"),), 1)
    state.write([Written("o", "c", "z", b"3")])
    assert [row.sourced_id for row in state.read(back.epoch, back.number).written] == ["z"]
    with pytest.raises(UnknownSnapshot) as raised:
        state.reset("other")
    assert raised.value.names == ["kept"] and state.read().documents == {"a": 1}


def test_a_snapshot_of_the_first_state_can_be_gone_back_to(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    name = state.snapshot()
    state.put("a", 1)
    state.reset(name)
    assert (state.snapshots(), state.read().documents) == ([name], {})


def test_a_nonce_is_new_once_whichever_worker_asks(tmp_path: Path) -> None:
    one, other = SharedState(tmp_path), SharedState(tmp_path)
    assert one.is_new_nonce("v", "k", "n", 100, until=1000, now=100)
    assert not other.is_new_nonce("v", "k", "n", 100, until=1000, now=100)
    assert other.is_new_nonce("v", "k", "n", 101, until=1001, now=101)
    assert other.is_new_nonce("w", "k", "n", 100, until=1000, now=100)


def test_nonces_whose_time_is_over_are_forgotten(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    state.is_new_nonce("v", "k", "n", 1, until=10, now=1)
    state.is_new_nonce("v", "k", "m", 64, until=99, now=64)
    assert state.is_new_nonce("v", "k", "n", 1, until=10, now=65)
    assert not state.is_new_nonce("v", "k", "m", 64, until=99, now=65)


def _add(folder: str, times: int) -> None:
    state = SharedState(Path(folder))
    for number in range(times):
        state.count("n")
        state.change("list", lambda found, at=number: [*(found or []), at])  # type: ignore[misc]


def test_processes_that_change_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_add, args=(str(tmp_path), 40)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    state = SharedState(tmp_path)
    assert [process.exitcode for process in processes] == [0, 0]
    assert state.counted("n") == 80 and len(state.read().documents["list"]) == 80
    assert state.read().stamp == state.stamp


def test_threads_of_a_worker_share_it(tmp_path: Path) -> None:
    state = SharedState(tmp_path)
    threads = [threading.Thread(target=lambda: [state.count("n") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.counted("n") == 200
