"""``python -m mooring`` is the program ``mooring``."""

from mooring.cli.main import main

if __name__ == "__main__":
    main()
