"""What must never be lost: catalogue, vectors, change log."""

from shoplens.stores.opening import open_store
from shoplens.stores.sql import SqlStore

__all__ = ["SqlStore", "open_store"]
