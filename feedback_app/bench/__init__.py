"""Measurements of this program on this machine: its own server and its own visitors, on a database of their own."""
