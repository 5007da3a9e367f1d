"""A Rucio beside the graph: what is published to it, harvested of it, and where files lie.

``connection.py`` is the only place that knows Rucio's own client.
"""
