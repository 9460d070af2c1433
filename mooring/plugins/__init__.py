"""Built-in hook implementations."""
