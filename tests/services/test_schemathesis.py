"""A fuzzer of other hands over the generated API documents: no fault of the server, no answer that its document does not tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from mock_server.mock_process import RunningMock, running_mock

pytestmark = pytest.mark.services
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
WITHIN_S = 30


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A small district behind the reference provider and two vendors."""
    with running_mock(students=30, vendors=["reference", "powerschool", "infinite-campus"]) as found:
        yield found


@pytest.mark.parametrize("document", ["1.1/all", "1.2/rostering", "1.2/gradebook", "1.2/resources"])
def test_the_reference_answers_as_its_document_says(mock: RunningMock, tmp_path: Path, document: str) -> None:
    mock.reset()
    provider = mock.provider("reference")
    assert provider.token_url
    answer = requests.post(
        provider.token_url, data={"grant_type": "client_credentials"}, auth=(provider.client_id, provider.client_secret), timeout=WITHIN_S
    )
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{mock.ready['console_url']}/openapi/reference/{document}.json",
        "-H", f"Authorization: Bearer {answer.json()['access_token']}", "--checks", CHECKS, "--max-examples", "8", "--phases",
        "coverage,fuzzing", "--seed", "1",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
