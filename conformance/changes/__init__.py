"""What changes from one bundle to the next, and what of it looks like an accident.

Called by `oneroster check change` and by `oneroster check csv` of a folder of days. Knows nothing of the sync.
"""

from conformance.changes import deltas, flips, identities, packages, returns, volumes

FAMILIES = (packages, volumes, identities, flips, deltas, returns)
