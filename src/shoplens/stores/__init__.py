"""What must never be lost: catalogue, vectors, change log."""

from shoplens.stores.lock import FolderLock
from shoplens.stores.opening import open_store
from shoplens.stores.sql import SqlStore

__all__ = ["FolderLock", "SqlStore", "open_store"]
