"""The platforms: each adapter turns events into `Incoming` and shows what is rendered, in its platform's own way."""
