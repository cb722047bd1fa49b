"""PyPI oneroster 0.0.17: ClassLink's signature code of 2020 in a connector that follows Link headers."""

from __future__ import annotations

import collections
import collections.abc
import json
import logging
import sys

# The library looks for a name that Python 3.10 moved; nothing else of it is touched.
collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]

from oneroster.classlink import ClasslinkConnector

logging.disable(logging.CRITICAL)
job = json.load(sys.stdin)
connector = ClasslinkConnector(
    job["root"] + "/", job["client_id"], job["client_secret"], page_size=job["size"]
)
try:
    found = connector.get_users(
        user_filter=job["read"], group_filter=job.get("group"), group_name=job.get("group_name")
    )
    print(json.dumps({"users": [row["sourcedId"] for row in found]}))
except Exception as error:
    if "not successful" not in str(error):
        raise
    print(json.dumps({"status": int(str(error).partition("successful: ")[2][:3])}))
