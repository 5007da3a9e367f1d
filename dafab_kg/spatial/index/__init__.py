"""The search index: beside the graph, one row for each thing that can be searched for.

The graph is the truth; the index can be made from it at any time and never holds what the
graph does not.  docs/decisions/search-index.md says why it is as it is.
"""
