"""What every room uses: a user's mistake as one line, files that are written whole, images as tensors."""
