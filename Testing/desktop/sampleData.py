"""Slicer's module SampleData: sources that modules register, and what a click on a thumbnail does."""

import dataclasses
from typing import Any

import slicer


@dataclasses.dataclass
class SampleDataSource:
    """One thumbnail. One address and one file name may stand for lists of one."""

    sampleName: str | None = None
    sampleDescription: str | None = None
    uris: Any = None
    fileNames: Any = None
    nodeNames: Any = None
    checksums: Any = None
    loadFiles: Any = None
    customDownloader: Any = None
    thumbnailFileName: str | None = None
    loadFileType: Any = None
    loadFileProperties: Any = None

    def __post_init__(self):
        self.sampleDescription = self.sampleDescription or self.sampleName
        self.loadFileProperties = self.loadFileProperties or {}
        fields = ("fileNames", "nodeNames", "checksums", "loadFiles", "loadFileType")
        if isinstance(self.uris, str):
            self.uris = [self.uris]
            for field in fields:
                setattr(self, field, [getattr(self, field)])
        if not isinstance(self.uris, list | tuple) or not isinstance(self.fileNames, list | tuple):
            raise TypeError(f"sample {self.sampleName}: uris and fileNames are needed, even with a customDownloader")
        for field in fields:
            given = getattr(self, field)
            if given is None or (field == "loadFileType" and isinstance(given, str)):
                setattr(self, field, [given] * len(self.uris))
            if len(getattr(self, field)) != len(self.uris):
                raise ValueError(f"sample {self.sampleName}: {field} needs {len(self.uris)} entries, as uris has")


class SampleDataLogic:
    """As in Slicer, `downloadSample` knows nothing of a customDownloader: only the click on the thumbnail calls it."""

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileType="VolumeFile",
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
    ):
        """Add a source to a category; the same source twice counts once."""
        values = {key: value for key, value in locals().items() if key != "category"}
        source = SampleDataSource(**values)
        ofCategory = SampleDataLogic.sampleDataSourcesByCategory().setdefault(category, [])
        if source not in ofCategory:
            ofCategory.append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        """All sources by category, or those of one."""
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        sources = slicer.modules.sampleDataSources
        return sources if category is None else sources.get(category, [])

    def sourceForSampleName(self, sampleName):
        """The source of a name, or None."""
        for sources in self.sampleDataSourcesByCategory().values():
            for source in sources:
                if source.sampleName == sampleName:
                    return source
        return None

    def downloadSample(self, sampleName):
        """Raises:
        OSError: always, there is no network in a test.
        """
        raise OSError(f"{sampleName}: Slicer would fetch this from the network, past any customDownloader")


def clickThumbnail(category: str, sampleName: str):
    """What happens when a user clicks a sample in the module SampleData; gives what its customDownloader gives.

    Raises:
        LookupError: there is no such sample.
    """
    for source in SampleDataLogic.sampleDataSourcesByCategory(category):
        if source.sampleName == sampleName:
            if source.customDownloader is None:
                return SampleDataLogic().downloadSample(sampleName)
            return source.customDownloader(source)
    names = {key: [one.sampleName for one in value] for key, value in slicer.modules.sampleDataSources.items()}
    raise LookupError(f"no sample {sampleName} in category {category}; there are {names}")
