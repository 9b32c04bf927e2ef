"""Draw the chapter's figures of a trained network and of how it learns. matplotlib is an extra."""
