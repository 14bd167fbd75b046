"""Pixels and words -> unit vectors of one space."""
