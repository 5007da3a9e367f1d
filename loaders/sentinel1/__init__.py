"""Sentinel-1 metadata as delivered: SAFE products, scenes on AWS, terrain-corrected tiles."""

from dafab_kg.loaders.sentinel1.loader import Sentinel1Loader

__all__ = ["Sentinel1Loader"]
