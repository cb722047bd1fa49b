"""OneRoster 1.1 and 1.2 and their known dialects, as facts, grammars and codecs.

Called by every other package; imports none of ours and never decides how a provider or a consumer behaves.
"""
