"""Tokens whose life is over, as a server of the default seed gave them out hours ago. Test support."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from mock_server.auth.keyring import Keyring
from mock_server.auth.tokens import TokenMint
from mock_server.state import SharedState
from mock_server.vendor import scopes_of
from oneroster_harness.terminal import DEFAULT_SEED
from oneroster_standard.dialects import load_dialect


def expired_token(vendor: str = "reference", *, seed: int = DEFAULT_SEED, ago_s: float = 86_400) -> str:
    """A token that a vendor's first credential was given so long ago, for all scopes."""
    dialect = load_dialect(vendor)
    with tempfile.TemporaryDirectory() as folder:
        state = SharedState(Path(folder))
        keyring = Keyring(seed, vendor, scopes_of(dialect), state)
        mint = TokenMint(dialect.token_form, dialect.token_life_s, keyring)
        grant = mint.issue(keyring.live()[0], scopes_of(dialect), time.time() - ago_s)
        state.close()
    return grant.token
