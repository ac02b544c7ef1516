"""Approved networks to a script that a person runs."""
