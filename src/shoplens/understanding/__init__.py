"""Pictures and words -> attributes: kind, colours, material, pattern, each with a calibrated confidence."""
