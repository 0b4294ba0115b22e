"""The rival: orders as a Python team would write them first, with Django, DRF and django-rql."""
