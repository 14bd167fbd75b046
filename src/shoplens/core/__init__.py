"""What a shop is, in plain data: catalogue, query, answer, spaces, filters. Pure: no I/O, no clock."""
