"""``python -m bitseg.cli`` is ``bitseg``."""

from bitseg.cli import main

if __name__ == "__main__":
    main(prog_name="bitseg")
