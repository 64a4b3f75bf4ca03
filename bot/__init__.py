"""The chat side of the product: adapters, dialogs, words and delivery, around `core`."""
