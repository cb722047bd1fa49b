"""What is wrong with an endpoint or a bundle, first cause first, in plain words, with the setup step that mends it.

Called by `oneroster diagnose` and by tests. Reads only, some dozen requests; keeps and shows no value of anybody.
"""
