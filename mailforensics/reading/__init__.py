"""Log lines to events."""
