"""Loaders: source document → records; one package per source."""
