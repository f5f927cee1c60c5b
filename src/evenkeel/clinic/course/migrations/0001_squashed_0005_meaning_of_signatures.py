"""The whole of this app's tables at once, for a database that has none of them yet."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("course", "0001_initial"),
        ("course", "0002_protocol_used"),
        ("course", "0003_decision_talk"),
        ("course", "0004_touch_boundaries"),
        ("course", "0005_meaning_of_signatures"),
    ]

    initial = True

    dependencies = [
        ("people", "0001_initial"),
        ("protocols", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentDocument",
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
                ("kind", models.CharField(max_length=24)),
                ("product_group", models.CharField(max_length=24)),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=160)),
                ("body", models.TextField()),
                ("change_note", models.CharField(blank=True, max_length=300)),
                ("body_hash", models.CharField(max_length=64)),
                ("published_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "published_by",
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
                ("meaning", models.CharField(max_length=300, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "kind", "product_group", "number"),
                        name="one_document_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Course",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("referred", "Referred"),
                            ("screening", "Screening"),
                            ("consented", "Consented"),
                            ("induction", "Induction"),
                            ("maintenance", "Maintenance"),
                            ("paused", "Paused"),
                            ("closed", "Closed"),
                        ],
                        default="referred",
                        max_length=12,
                    ),
                ),
                ("state_before_pause", models.CharField(blank=True, max_length=12)),
                ("state_since", models.DateTimeField()),
                ("indication", models.CharField(max_length=200)),
                ("referred_by", models.CharField(blank=True, max_length=160)),
                ("referral_note", models.TextField(blank=True)),
                ("goal", models.TextField(blank=True)),
                ("product", models.CharField(blank=True, max_length=24)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_reason", models.TextField(blank=True)),
                ("dosed_since", models.DateTimeField(null=True)),
                ("dose_holds", models.JSONField(default=list)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="courses",
                        to="people.patient",
                    ),
                ),
                (
                    "prescriber",
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
                (
                    "therapist",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "state"], name="course_by_state")],
            },
        ),
        migrations.CreateModel(
            name="Consent",
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
                ("number", models.PositiveIntegerField()),
                ("document_hash", models.CharField(max_length=64)),
                ("signed_name", models.CharField(max_length=160)),
                ("meaning", models.CharField(max_length=300)),
                ("signed_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=200)),
                ("withdrawal_note", models.TextField(blank=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
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
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="course.consentdocument",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="course.course",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("course", "number"), name="one_consent_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Plan",
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
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("signed", "Signed"),
                            ("replaced", "Replaced"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("product", models.CharField(max_length=24)),
                ("dose_mg", models.DecimalField(decimal_places=2, max_digits=8)),
                ("dose_mg_per_kg", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("weight_kg", models.DecimalField(decimal_places=2, max_digits=6, null=True)),
                ("weight_as_of", models.DateTimeField(null=True)),
                ("duration_min", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                (
                    "concentration_mg_ml",
                    models.DecimalField(decimal_places=2, max_digits=7, null=True),
                ),
                ("diluted_mg_ml", models.DecimalField(decimal_places=3, max_digits=7, null=True)),
                ("sessions_planned", models.PositiveSmallIntegerField(default=6)),
                ("spacing_days", models.DecimalField(decimal_places=1, max_digits=5)),
                ("note", models.TextField(blank=True)),
                ("protocol_name", models.CharField(max_length=80)),
                ("protocol_version", models.CharField(max_length=20)),
                ("sheet", models.JSONField(default=dict)),
                ("stops", models.JSONField(default=list)),
                ("override_reason", models.TextField(blank=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("meaning", models.CharField(blank=True, max_length=300)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="course.plan",
                    ),
                ),
                (
                    "signed_by",
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
                ("protocol_hash", models.CharField(max_length=64, null=True)),
                (
                    "protocol_used",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="protocols.protocolversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("course", "number"), name="one_plan_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Screening",
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
                ("number", models.PositiveIntegerField()),
                ("product", models.CharField(max_length=24)),
                ("jurisdiction", models.CharField(max_length=8)),
                ("protocol_name", models.CharField(max_length=80)),
                ("protocol_version", models.CharField(max_length=20)),
                ("facts", models.JSONField()),
                ("findings", models.JSONField()),
                ("read_digest", models.CharField(max_length=64)),
                ("rules_passed", models.PositiveSmallIntegerField(default=0)),
                ("proposed", models.CharField(max_length=30)),
                ("decision", models.CharField(max_length=30)),
                ("overrides", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True)),
                ("meaning", models.CharField(max_length=300)),
                ("signed_role", models.CharField(max_length=20)),
                ("signed_at", models.DateTimeField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="screenings",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
                (
                    "signed_by",
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
                ("protocol_hash", models.CharField(max_length=64, null=True)),
                (
                    "protocol_used",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="protocols.protocolversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("course", "number"), name="one_screening_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TouchAgreement",
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
                    "level",
                    models.CharField(
                        choices=[
                            ("none", "No touch"),
                            ("hand", "Hand only"),
                            ("hand_shoulder", "Hand and shoulder"),
                        ],
                        max_length=20,
                    ),
                ),
                ("stop_word", models.CharField(max_length=40)),
                ("signed_name", models.CharField(max_length=160)),
                ("signed_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="touch_agreements",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
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
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("boundaries", models.TextField(null=True)),
                ("stop_sign", models.CharField(max_length=80, null=True)),
                ("meaning", models.CharField(max_length=300, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DecisionTalk",
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
                ("product", models.CharField(blank=True, max_length=24)),
                ("matters", models.TextField(blank=True)),
                ("questions", models.TextField(blank=True)),
                ("answers", models.TextField(blank=True)),
                ("leaning", models.CharField(max_length=8)),
                ("shown", models.JSONField()),
                ("shown_digest", models.CharField(max_length=64)),
                ("talked_at", models.DateTimeField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision_talks",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
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
                    "talked_with",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
