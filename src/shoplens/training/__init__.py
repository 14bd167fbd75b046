"""How the bundled encoder is made (extra: train)."""
