"""Reasoning: OWL axioms as stratified SPARQL rules, applied in full or to what changed.

``compile`` makes rules and checks of an ontology, ``full`` and ``incremental`` apply
them, ``explain`` shows why a triple follows, ``clash`` finds facts that contradict
each other, and ``reasoner`` keeps one catalogue up to date.
"""
