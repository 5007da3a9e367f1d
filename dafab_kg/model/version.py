"""The version of dafab-kg, stated once."""

__version__ = "0.1.0"
