"""The room of a pair: what one writes reaches the other through the bot, wherever they are."""
