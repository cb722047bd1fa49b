"""Reading the files of a CSV bundle for judgement: bytes, structure, exact physical lines."""
