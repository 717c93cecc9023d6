"""One installation on disk: data folder, secret key, signing, backup and restore, database copy, file ownership.

Start reading at data_folder.py, then secret_key.py and signing.py.
May import text, clock, config, models and database.
Tests: tests/installation/.
"""
