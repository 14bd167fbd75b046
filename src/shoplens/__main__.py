"""``python -m shoplens`` is the ``shoplens`` command."""

from shoplens.cli import main

if __name__ == "__main__":  # a process that it starts imports this, too
    main()
