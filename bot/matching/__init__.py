"""The conversation about requests: offers, hand-on, introductions."""
