"""How good models are: splits, figures of ranked lists and of ratings, intervals, curves. Pure, like the models."""
