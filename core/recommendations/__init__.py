"""What to recommend to whom, and why: pure functions on arrays; no SQL, no clock, no chat."""
