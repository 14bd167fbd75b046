"""Smaller towers: whole channels, heads and hidden units taken out of ONNX graphs; needs onnx, not torch."""
