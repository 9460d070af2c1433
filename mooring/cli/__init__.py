"""The commands: the one place where the environment is read and where text meets people."""
