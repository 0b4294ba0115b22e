"""A Django project of one application: orders, their lines, and what they refer to."""
