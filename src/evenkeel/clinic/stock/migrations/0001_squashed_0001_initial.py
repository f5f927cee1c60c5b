"""The whole of this app's tables at once, for a database that has none of them yet."""

import uuid
from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("stock", "0001_initial")]

    initial = True

    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("initial", "Initial inventory"),
                            ("biennial", "Biennial inventory"),
                            ("routine", "Count of the day or shift"),
                            ("asked", "Count for a reason"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "moment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("opening", "Opening of business"),
                            ("close", "Close of business"),
                            ("", "During the day"),
                        ],
                        max_length=8,
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                (
                    "counted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "counted_at"], name="count_by_day")],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("product", models.JSONField(default=list)),
                (
                    "substance",
                    models.CharField(
                        choices=[
                            ("racemic_ketamine", "Ketamine (racemic)"),
                            ("esketamine", "Esketamine (S-ketamine)"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("vial", "Vial"),
                            ("ampoule", "Ampoule"),
                            ("device_kit", "Kit of nasal devices"),
                            ("lozenge", "Lozenges"),
                            ("capsule", "Capsules"),
                            ("tablet", "Tablets"),
                            ("solution", "Oral solution"),
                        ],
                        max_length=12,
                    ),
                ),
                ("content_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("volume_ml", models.DecimalField(decimal_places=3, max_digits=9, null=True)),
                (
                    "strength_mg_per_ml",
                    models.DecimalField(decimal_places=3, max_digits=9, null=True),
                ),
                ("units", models.PositiveSmallIntegerField(default=1)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("schedule", models.CharField(blank=True, max_length=20)),
                ("low_mg", models.DecimalField(decimal_places=3, max_digits=12, null=True)),
                ("opened_for_h", models.PositiveIntegerField(null=True)),
                ("active", models.BooleanField(default=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("content_mg__gt", 0), ("units__gt", 0)),
                        name="an_item_holds_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Container",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("label", models.CharField(max_length=12)),
                ("lot", models.CharField(max_length=40)),
                ("expires_on", models.DateField()),
                ("location", models.CharField(blank=True, max_length=60)),
                (
                    "remaining_mg",
                    models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=12),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sealed", "Sealed"),
                            ("open", "Open"),
                            ("empty", "Empty"),
                            ("gone", "Not here any more"),
                        ],
                        default="sealed",
                        max_length=8,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("use_by", models.DateTimeField(null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="containers",
                        to="stock.item",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["site", "state", "expires_on"], name="container_on_shelf")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("site", "label"), name="one_container_label"),
                    models.CheckConstraint(
                        condition=models.Q(("remaining_mg__gte", 0)),
                        name="a_container_is_never_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CountLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField(db_index=True)),
                ("counted_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("expected_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("sealed", models.BooleanField(default=False)),
                ("counted_at", models.DateTimeField()),
                (
                    "container",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counted",
                        to="stock.container",
                    ),
                ),
                (
                    "count",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="stock.count",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["container", "counted_at"], name="count_of_container")
                ],
            },
        ),
        migrations.CreateModel(
            name="Discrepancy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("difference_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("what", models.TextField()),
                ("found_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("looked_into", "Being looked into"),
                            ("explained", "Explained"),
                            ("loss", "A loss"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("cause", models.TextField(blank=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("is_theft", models.BooleanField(null=True)),
                ("is_significant", models.BooleanField(null=True)),
                ("discovered_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "container",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discrepancies",
                        to="stock.container",
                    ),
                ),
                (
                    "count",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discrepancies",
                        to="stock.count",
                    ),
                ),
                (
                    "found_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "state"], name="discrepancy_by_state")],
            },
        ),
        migrations.CreateModel(
            name="DiscrepancyNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField(db_index=True)),
                ("at", models.DateTimeField()),
                ("text", models.TextField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "discrepancy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="stock.discrepancy",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LedgerBegun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "mode",
                    models.CharField(
                        choices=[("here", "Kept here"), ("elsewhere", "Kept in another system")],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("elsewhere", models.CharField(blank=True, max_length=160)),
                ("reason", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "number"), name="one_beginning_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField(db_index=True)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("initial", "Counted at the beginning"),
                            ("receive", "Received"),
                            ("draw", "Drawn for a session"),
                            ("put_back", "Put back unopened"),
                            ("waste", "Wasted of what was drawn"),
                            ("waste_rest", "Rest of a container wasted"),
                            ("transfer_out", "Sent to another site"),
                            ("transfer_in", "Came from another site"),
                            ("return_supplier", "Returned"),
                            ("destroyed", "Destroyed"),
                            ("loss", "Lost or stolen"),
                            ("count_correction", "Corrected after a count"),
                            ("void", "Counter-line"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("stated_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("balance_mg", models.DecimalField(decimal_places=3, max_digits=12)),
                ("happened_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("session_id", models.UUIDField(null=True)),
                ("patient_id", models.UUIDField(null=True)),
                ("method", models.CharField(blank=True, max_length=60)),
                ("reason", models.TextField(blank=True)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("party", models.CharField(blank=True, max_length=200)),
                (
                    "answers",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_by",
                        to="stock.move",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "container",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="stock.container",
                    ),
                ),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="stock.move",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
                (
                    "to_site",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
                (
                    "witness",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["session_id", "position"], name="move_by_session"),
                    models.Index(fields=["site", "happened_at"], name="move_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("balance_mg__gte", 0), ("stated_mg__gte", 0)),
                        name="a_balance_is_never_negative",
                    ),
                    models.UniqueConstraint(fields=("container", "number"), name="one_line_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=40)),
                ("label", models.CharField(max_length=160)),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("reference", models.CharField(blank=True, max_length=120)),
                (
                    "discrepancy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="stock.discrepancy",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["site", "done_at", "due_at"], name="notice_by_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="StockPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=64)),
                ("count_every_h", models.PositiveSmallIntegerField(default=24)),
                (
                    "tolerance_ml",
                    models.DecimalField(decimal_places=2, default=Decimal("0"), max_digits=5),
                ),
                ("expiring_days", models.PositiveSmallIntegerField(default=60)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("site",), name="one_stock_policy")],
            },
        ),
    ]
