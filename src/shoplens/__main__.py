"""``python -m shoplens`` is the ``shoplens`` command."""

from shoplens.cli import main

main()
