"""What an operator sees of syncs: events, measures, metrics, a status page, messages.

Called by the watch and by `sync status`. Holds counts, moments and names of tenants, never a value of a row.
"""
