"""The demo shop that ships with the package."""
