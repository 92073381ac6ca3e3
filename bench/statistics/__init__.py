"""What can be said of a grid of runs, from its frames alone."""
