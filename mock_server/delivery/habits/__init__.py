"""The habits of delivery, one function each; importing this package registers them."""

from mock_server.delivery.habits import arrivals, files, formats, headers, people, rows

FAMILIES = (arrivals, files, formats, headers, people, rows)
