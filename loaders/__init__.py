"""Loaders: source document → records; one package per source.

``trees`` opens what a user gives, ``registry`` says which loader takes what.
"""
