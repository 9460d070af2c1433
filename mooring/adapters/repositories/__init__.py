"""Installations, runs, schedules and deliveries, kept in the host's database."""
