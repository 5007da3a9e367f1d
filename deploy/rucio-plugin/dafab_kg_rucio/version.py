"""The version, in step with dafab-kg."""

__version__ = "0.1.0"
