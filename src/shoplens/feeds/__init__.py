"""What the shop gives -> products: CSV, TSV, JSONL, Parquet, Google Merchant, Shopify."""
