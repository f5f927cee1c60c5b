"""Goes well: it adds a table and changes what is there."""

from django.db import migrations, models


def rename(apps, schema_editor):
    apps.get_model("people", "Account").objects.update(full_name="Renamed by an upgrade")


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [
        migrations.CreateModel("Half", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
