"""Fails."""

from django.db import migrations


def fail(apps, schema_editor):
    raise RuntimeError("the second step fails")


class Migration(migrations.Migration):
    dependencies = [("failing_app", "0001_initial")]
    operations = [migrations.RunPython(fail)]
