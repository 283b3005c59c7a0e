"""A month of invented payments to look around with. It is never a row: what is no row cannot be posted or counted."""
