"""The catalogue as a tree of data identifiers (DIDs), as the DaFab catalogue has it.

Nothing is stored for it: containers are the root, the collections, their facets and the items;
an item's assets are a data set of files.  ``docs/decisions/dids.md`` says what lies where.
"""
