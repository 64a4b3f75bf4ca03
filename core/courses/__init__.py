"""Courses: what they say, how they come in and go out, how they are found, and how somebody learns with them."""
