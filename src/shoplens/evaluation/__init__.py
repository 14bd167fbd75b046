"""Judgements, runs, measures with intervals."""
