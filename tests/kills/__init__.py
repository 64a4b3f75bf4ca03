"""A real process is killed, stopped and started again while people talk to it."""
