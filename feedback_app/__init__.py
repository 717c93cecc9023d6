"""A live feedback wall.

`create_app` stands in `application`: commands start without it, since most of them serve nothing.
"""

# It must come before everything that opens a database.
from . import sqlite as sqlite

__version__ = "0.1.0"
