"""What papers have published, and our numbers beside theirs."""
