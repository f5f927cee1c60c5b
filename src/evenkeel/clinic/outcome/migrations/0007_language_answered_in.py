from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outcome", "0006_meaning_of_signatures"),
    ]

    operations = [
        migrations.AddField(
            model_name="response",
            name="language",
            field=models.CharField(max_length=16, null=True),
        ),
    ]
