"""Django's settings: what production would have, and nothing that is not needed."""

import os

from django.core.exceptions import ImproperlyConfigured

SECRET_KEY = "of no use to anybody"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "bench.rival.shop.urls"
WSGI_APPLICATION = "bench.rival.shop.wsgi.application"
INSTALLED_APPS = ["bench.rival.shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if not {"RIVAL_HOST", "RIVAL_PORT", "RIVAL_NAME"} <= set(os.environ):
    raise ImproperlyConfigured("The bench says where the database is.")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["RIVAL_HOST"],
        "PORT": os.environ["RIVAL_PORT"],
        "NAME": os.environ["RIVAL_NAME"],
        "USER": "entrepot",
        "CONN_MAX_AGE": None,  # each thread keeps its connection
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
