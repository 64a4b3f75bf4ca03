"""Other people's programs, doing the same work beside ours in the same run."""
