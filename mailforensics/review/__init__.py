"""Candidates, and the decisions that people record about them."""
