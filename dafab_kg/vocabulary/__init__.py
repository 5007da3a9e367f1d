"""Tools for who edits an ontology: one canonical form, checks, documentation, skeletons.

``canonical`` formats, ``check`` looks for what is missing, ``describe`` puts a term in
words, ``skeleton`` begins its shape.
"""
