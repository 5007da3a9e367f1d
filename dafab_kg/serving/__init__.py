"""Serving one catalogue from several processes (docs/decisions/serving.md).

::

    supervisor ─┬─ writer         alone has the catalogue open for writing; publishes snapshots
                ├─ query workers  each answers one query at a time from the newest snapshot
                ├─ spare          a worker that waits, should one of them be killed
                └─ front          speaks HTTP; holds no store

They meet at two Unix sockets in a directory of their own: one that all query workers
accept from, and one of the writer.
"""
