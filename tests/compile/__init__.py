"""Definitions and the SQL they become, as pairs."""
