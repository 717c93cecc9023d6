"""The list of a wall in a browser: columns, days, absence, pause."""
