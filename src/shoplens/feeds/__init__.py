"""What the shop gives -> products: CSV, TSV, JSON, Parquet, Google Merchant, Shopify, Magento 2.

    with one feed:   for found in open_feed("products.csv").read(): ...

A row goes reader -> interpreter -> grouping: a reader turns bytes into rows, an interpreter tells what a row says
about a product, grouping puts the rows of a product together in bounded memory.
"""

from __future__ import annotations

from shoplens.feeds.opening import KINDS, OpenFeed, open_feed
from shoplens.feeds.report import write_report

__all__ = ["KINDS", "OpenFeed", "open_feed", "write_report"]
