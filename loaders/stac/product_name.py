"""Names of products have moved to :mod:`dafab_kg.model.product_names`."""

from dafab_kg.model.product_names import ProductName, expand, find_name, read_name

__all__ = ["ProductName", "expand", "find_name", "read_name"]
