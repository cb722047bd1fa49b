"""Where a roster comes from: a provider's API or a CSV bundle; both give the same snapshot.

Called by the command. Never writes to a provider.
"""
