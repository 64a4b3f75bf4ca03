"""The models of recommendations and how they are judged."""
