"""The reference page of faults, derived from the catalogue: docs/faults.md.

Called by mock_server.documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.faults.catalogue import SELECTING, STRIKES, values_of
from oneroster_standard.dialects.faults import FaultFacts, load_faults
from oneroster_standard.documentation import table


def _keys(found: FaultFacts) -> str:
    keys = [f"`{one.name}={one.default}` ({values_of(one)}): {one.says}" for one in found.parameters.values()]
    return "; ".join(keys) or "-"


def _rows() -> Iterator[tuple[str, ...]]:
    for found in load_faults().values():
        checks = ", ".join(f"`{check}`" for check in found.trips) or "-"
        source = f"{found.source} ({found.deviation})" if found.deviation else found.source
        often = "once" if found.times == 1 else "every time"
        yield f"`{found.id}`", f"{found.title}. {found.description}", _keys(found), f"{STRIKES[found.strikes]}, {often}", checks, source


def faults_page() -> str:
    """Markdown of all faults: what a client sees, keys, where each was met."""
    lines = ["# Faults of the mock server", "", "Generated from the fault catalogue; do not edit.", ""]
    lines += [
        "A fault is something that goes wrong on a bad day, and not all of the time: it chooses the requests that it strikes. Turn one",
        "on with `oneroster serve --fault [VENDOR:]ID[@KEY=VALUE,...]`, with `PUT {admin_url}/vendors/VENDOR/faults`, or in a test with",
        '`oneroster_mock.set_faults("reference", ["fault.server-error@on=users,page=2,times=1"])`. The admin API takes and gives objects',
        'with the same keys: `{"faults": [{"id": "fault.server-error", "on": ["users"], "page": 2, "times": 1}]}`, and tells how many',
        "requests each one fitted and struck. `POST {admin_url}/reset` goes back to the faults of the start.",
        "",
        "## Choosing requests",
        "",
        "A window is `3`, `3-5` or `3-`. A request is counted when it fits the first four keys; everything that is given must hold.",
        "",
    ]
    lines += table(("key", "strikes"), ((f"`{name}`", says) for name, says in SELECTING.items()))
    lines += ["", "## The faults", ""]
    lines += table(("fault", "what a client sees", "keys, defaults", "strikes, unless told otherwise", "found by", "met at"), _rows())
    return "\n".join([*lines, ""])
