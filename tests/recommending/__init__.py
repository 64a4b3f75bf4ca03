"""What is recommended to people, how it is learnt at night, and what came of it."""
