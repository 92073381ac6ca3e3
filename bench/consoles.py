"""The two streams that the command line writes to."""

from rich.console import Console

# A colon in a path is a colon: ":smile:" may be the name of a folder.
stdout = Console(highlight=False, emoji=False)
stderr = Console(stderr=True, highlight=False, emoji=False)
