from django.apps import AppConfig


class InteropConfig(AppConfig):
    name = "evenkeel.interop"
    label = "interop"
