"""What all sets of images share: grids of factors, batches, the cache; and files of any factors."""
