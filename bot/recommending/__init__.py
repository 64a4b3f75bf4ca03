"""Recommendations, as the program sees them."""
