"""Rewriting: what a query asks of a thing is looked up in the search index first.

The candidates go into the query's own text as VALUES; its own filters stay, so that a
look-up may find too much (docs/decisions/rewriting.md).
"""
