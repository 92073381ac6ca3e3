"""Networks and objectives: what is trained, and on which loss."""
