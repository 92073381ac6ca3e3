"""Sets of images by name or by path: dSprites, what is drawn from it, and files of any factors."""
