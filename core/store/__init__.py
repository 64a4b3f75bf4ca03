"""The database: its types, its tables, and the bridge between asyncio and synchronous functions."""
