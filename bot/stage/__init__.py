"""The stage: scripted conversations, and the demo in which one plays everybody."""
