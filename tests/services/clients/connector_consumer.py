"""PyPI oneroster 0.0.17 as a consumer: its connector reads people, courses and classes, and this file keeps them as CSV.

Run by `oneroster check consumer`, once a day; the argument is the folder.
"""

from __future__ import annotations

import collections
import collections.abc
import csv
import logging
import os
import sys
from pathlib import Path

# The library looks for a name that Python 3.10 moved; nothing else of it is touched.
collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]

from oneroster.classlink import ClasslinkConnector

logging.disable(logging.CRITICAL)
FIELDS = {
    "users": ["sourcedId", "givenName", "familyName", "email", "role", "username"],
    "classes": ["sourcedId", "title", "classCode", "classType"],
    "courses": ["sourcedId", "title", "courseCode"],
}
folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
connector = ClasslinkConnector(
    os.environ["ONEROSTER_BASE_URL"] + "/", os.environ["ONEROSTER_CLIENT_ID"], os.environ["ONEROSTER_CLIENT_SECRET"], page_size=100
)
read = {kind: list(connector.get_users(user_filter=kind, group_filter=None, group_name=None)) for kind in FIELDS}
for kind, rows in read.items():
    with (folder / f"{kind}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS[kind], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
