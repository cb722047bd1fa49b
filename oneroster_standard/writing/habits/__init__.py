"""The habits of delivery, one function each; importing this package registers them."""

from oneroster_standard.writing.habits import arrivals, files, formats, headers, people, rows

FAMILIES = (arrivals, files, formats, headers, people, rows)
