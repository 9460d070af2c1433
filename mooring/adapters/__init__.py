"""The outside world behind ports: database, job engine, secrets, HTTP, ODP, files."""
