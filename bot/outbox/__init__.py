"""What goes to anybody unprompted: put in the same transaction, claimed, delivered, settled."""
