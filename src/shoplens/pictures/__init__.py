"""Bytes of unknown origin -> safe upright pixels."""
