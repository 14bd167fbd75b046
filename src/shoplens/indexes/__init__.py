"""Vectors and words -> candidates: copies of the store that can be rebuilt."""
