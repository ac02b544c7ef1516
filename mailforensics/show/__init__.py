"""Figures, tables and widgets for notebooks and reports."""
