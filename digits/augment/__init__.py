"""Training images made anew for each epoch: distorted, in other ways of writing, and of what is no digit."""
