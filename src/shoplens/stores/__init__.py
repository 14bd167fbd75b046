"""What must never be lost: catalogue, vectors, change log."""
