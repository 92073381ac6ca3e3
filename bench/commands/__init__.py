"""What the commands of `disbench` do and print."""
