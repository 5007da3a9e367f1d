"""Mapping: YARRRML files → compiled row templates → N-Quads; export to RML.

``yaml_tree`` reads the text, ``yarrrml`` gives it meaning, ``compile`` makes a
function of each record type, ``apply`` runs them over records, and ``export``
says the same in RML for other engines.
"""

from dafab_kg.mapping.apply import CompiledMapping, compile_mappings
from dafab_kg.mapping.export import export_rml, records_to_json

__all__ = ["CompiledMapping", "compile_mappings", "export_rml", "records_to_json"]
