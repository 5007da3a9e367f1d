"""Sentinel-2 metadata as delivered: SAFE, lone product metadata, tiles on AWS."""

from dafab_kg.loaders.sentinel2.loader import Sentinel2Loader

__all__ = ["Sentinel2Loader"]
