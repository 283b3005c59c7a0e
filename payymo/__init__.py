"""Payymo: which invoice does each payment settle?"""

from payymo.celery import app as celery_app

__all__ = ("celery_app",)
