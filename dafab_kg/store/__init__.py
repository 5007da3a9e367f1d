"""The Store seam (``protocol``), Oxigraph behind it, and the document store (LMDB)."""
