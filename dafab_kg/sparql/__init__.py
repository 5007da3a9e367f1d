"""SPARQL parsed for analysis: what a text says, and where.

It covers SPARQL 1.1 Query and Update and LATERAL.  What it does not know (triple terms
of RDF 1.2, for one) raises NotAnalysed, and whoever asked leaves the text to the engine.
The engine stays the judge of what is SPARQL: a text that passes here may be refused there.
"""

from dafab_kg.sparql.parse import parse_query, parse_update

__all__ = ["parse_query", "parse_update"]
