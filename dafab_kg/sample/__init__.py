"""A realistic catalogue to try things on: synthetic, and the same from the same seed.

::

    passes.py   when the satellites pass            tiles.py    where the tiles lie
    plan.py     which products there are            chance.py   chance, alike everywhere
    scene.py    sky, ground, sun of each
    figures.py  what the DaFab models found in it
    safe.py     ─▶ SAFE metadata       items.py ─▶ STAC items      dafab.py ─▶ DaFab items
    ground.py   fields, cloud and water of two scenes, as parcels and rasters
    events.py   Hurricane Ian, told by several            places.py   outlines of the regions
    write.py    all of it into a directory
"""

from __future__ import annotations

from dafab_kg.sample.write import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
