"""The figures of a report, drawn from frames and from the pictures of its runs."""
