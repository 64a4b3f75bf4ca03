"""Discord: raw gateway payloads in, plain dicts out."""
