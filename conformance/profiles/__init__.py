"""What one consumer demands of a provider or a bundle, as data, and the verdict whether it would take it.

Shipped profiles are the TOML files of this folder; a user writes others. The standard's own verdict never depends on them.
"""
