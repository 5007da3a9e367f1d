"""Metadata of a Rucio server answered by a knowledge graph of dafab-kg.

``[metadata] plugins = dafab_kg_rucio.plugin.DafabKgDidMeta`` in ``rucio.cfg``; README.md has
all options.  Nothing here knows the graph but by five requests (``service.py``), and Rucio's
own code is used in one module only (``server.py``).
"""
