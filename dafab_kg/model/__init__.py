"""Ground floor: names, records, geometry, errors, settings, resources.

Everything above imports from here; nothing here imports from above.
"""
