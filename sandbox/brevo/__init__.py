"""Brevo's HTTP address, as strict as the real one."""
