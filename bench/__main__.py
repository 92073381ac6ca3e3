"""``python -m disbench``."""

from disbench.cli import main

if __name__ == "__main__":
    main()
