"""Products -> what others read: Google Merchant (XML, TSV), product feeds of shop agents (ACP, OpenAI), JSON-LD.

One product after the other: a feed of millions needs no more memory than one of ten.
"""

from shoplens.exporting.agents import Publishing
from shoplens.exporting.files import FORMATS, Exported, export

__all__ = ["FORMATS", "Exported", "Publishing", "export"]
