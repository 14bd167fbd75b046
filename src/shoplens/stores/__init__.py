"""What must never be lost: catalogue, vectors, change log."""

from shoplens.stores.lock import FolderLock, NoLock
from shoplens.stores.opening import is_shop, make_folder, open_as_is, open_store
from shoplens.stores.sql import SqlStore

__all__ = ["FolderLock", "NoLock", "SqlStore", "is_shop", "make_folder", "open_as_is", "open_store"]
