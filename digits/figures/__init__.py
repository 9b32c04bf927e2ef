"""The chapter's pictures of a trained network and of how it learns; matplotlib is an extra."""
