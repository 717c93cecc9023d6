"""Search in entries: the column with the folded text, the search condition, and the backfill of older rows.

Start reading at text.py. What letters are equal is in feedback_app/text/folding.py.
May import what models may import.
Tests: tests/moderation/, tests/text/test_folding.py.
"""
