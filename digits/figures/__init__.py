"""Draw the chapter's figures of a trained network and its training, with matplotlib, an optional dependency."""
