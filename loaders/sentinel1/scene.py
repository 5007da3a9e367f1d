"""What the files of one product say together."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.loaders.sentinel1.annotation import Annotation
from dafab_kg.loaders.sentinel1.manifest import Manifest
from dafab_kg.loaders.sentinel1.product_info import ProductInfo
from dafab_kg.model.product_names import ProductName


@dataclass(frozen=True)
class Scene:
    """The files of one product, read."""

    name: ProductName
    manifest: Manifest | None
    info: ProductInfo | None
    annotations: tuple[Annotation, ...]

    @property
    def sensing_start(self) -> str:
        """The start of sensing, as exact as it is told."""
        told = self.manifest.sensing_start if self.manifest else None
        told = told or (self.info.sensing_start if self.info else None)
        return told or str(self.name.fields["sensing_start"])

    @property
    def sensing_stop(self) -> str:
        """The end of sensing, as exact as it is told."""
        told = self.manifest.sensing_stop if self.manifest else None
        told = told or (self.info.sensing_stop if self.info else None)
        return told or str(self.name.fields["sensing_stop"])

    @property
    def generation_time(self) -> str | None:
        """When the last processing ended."""
        history = self.manifest.history if self.manifest else ()
        return history[-1].ended or history[-1].started if history else None
