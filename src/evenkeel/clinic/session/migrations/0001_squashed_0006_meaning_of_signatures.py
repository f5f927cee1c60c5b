"""The whole of this app's tables at once, for a database that has none of them yet."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("session", "0001_initial"),
        ("session", "0002_protocol_used"),
        ("session", "0003_second_person"),
        ("session", "0004_forecast"),
        ("session", "0005_ledger"),
        ("session", "0006_meaning_of_signatures"),
    ]

    initial = True

    dependencies = [
        ("course", "0001_initial"),
        ("people", "0001_initial"),
        ("protocols", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonitorStatus",
            fields=[
                ("identifier", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("last_heard_at", models.DateTimeField()),
                ("clock_offset_s", models.FloatField(null=True)),
                ("demonstration", models.BooleanField(default=False)),
                ("peer", models.CharField(blank=True, max_length=64)),
                ("messages", models.BigIntegerField(default=0)),
                ("counters", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Appointment",
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
                            ("screening", "Screening visit"),
                            ("preparation", "Preparation"),
                            ("dosing", "Dosing session"),
                            ("integration", "Integration"),
                            ("follow_up_call", "Follow-up call"),
                        ],
                        max_length=16,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("checked_in", "Checked in"),
                            ("done", "Done"),
                            ("no_show", "Did not come"),
                            ("moved", "Moved"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="booked",
                        max_length=12,
                    ),
                ),
                ("status_reason", models.TextField(blank=True)),
                ("check_in", models.JSONField(null=True)),
                ("checked_in_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True)),
                ("outcome", models.JSONField(null=True)),
                (
                    "chair",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.chair",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="course.course",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="session.appointment",
                    ),
                ),
                (
                    "moved_to",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moved_from",
                        to="session.appointment",
                    ),
                ),
                (
                    "nurse",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
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
                "indexes": [
                    models.Index(fields=["site", "starts_at"], name="appointment_by_day"),
                    models.Index(fields=["patient", "starts_at"], name="appointment_by_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Monitor",
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
                ("identifier", models.CharField(max_length=80, unique=True)),
                ("model_name", models.CharField(blank=True, max_length=80)),
                ("timezone", models.CharField(blank=True, max_length=64)),
                ("active", models.BooleanField(default=True)),
                (
                    "chair",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="monitors",
                        to="people.chair",
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
            name="MonitorSource",
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
                ("address", models.GenericIPAddressField(unique=True)),
                ("label", models.CharField(blank=True, max_length=80)),
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Session",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("before_dose", "Before dose"),
                            ("running", "Drug running"),
                            ("paused", "Paused"),
                            ("watching", "Watching"),
                            ("accounting", "Drug to account for"),
                            ("closed", "Closed"),
                            ("abandoned", "Not given"),
                        ],
                        default="before_dose",
                        max_length=12,
                    ),
                ),
                ("product", models.CharField(max_length=24)),
                ("protocol_name", models.CharField(max_length=80)),
                ("protocol_version", models.CharField(max_length=20)),
                ("dose_sheet", models.JSONField()),
                ("conditions", models.JSONField(default=list)),
                ("opened_at", models.DateTimeField()),
                ("first_dose_at", models.DateTimeField(null=True)),
                ("last_dose_ended_at", models.DateTimeField(null=True)),
                ("ready_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("summary", models.JSONField(default=dict)),
                (
                    "appointment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="session",
                        to="session.appointment",
                    ),
                ),
                (
                    "chair",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.chair",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="course.course",
                    ),
                ),
                (
                    "nurse",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="people.patient",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="course.plan",
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
                (
                    "second",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ledger", models.CharField(max_length=10, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["site", "state"], name="session_by_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("course", "number"), name="one_session_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="SessionEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField(db_index=True)),
                ("patient_id", models.UUIDField()),
                ("kind", models.CharField(max_length=24)),
                ("happened_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("raw_time", models.CharField(blank=True, max_length=40)),
                ("actor_id", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=200)),
                ("via", models.CharField(max_length=12)),
                ("device_id", models.UUIDField(null=True)),
                ("trigger_id", models.UUIDField(null=True)),
                ("body", models.JSONField()),
                ("body_digest", models.CharField(max_length=64)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="session.session",
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
                    "supersedes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="session.sessionevent",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["session", "position"], name="event_by_session"),
                    models.Index(fields=["session", "kind", "happened_at"], name="event_by_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrayMessage",
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
                ("device_identifier", models.CharField(blank=True, max_length=80)),
                ("location", models.CharField(blank=True, max_length=80)),
                ("patient_ids", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
                ("measured_from", models.DateTimeField(null=True)),
                ("readings", models.JSONField()),
                ("raw", models.TextField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("why", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("assigned", "Assigned"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="session.session",
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
                "indexes": [models.Index(fields=["site", "state"], name="tray_by_state")],
            },
        ),
        migrations.CreateModel(
            name="SessionForecast",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="forecast",
                        serialize=False,
                        to="session.session",
                    ),
                ),
                ("site_id", models.UUIDField()),
                ("serial", models.BigIntegerField(unique=True)),
                ("position", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("shown", models.BooleanField(default=False)),
                ("version", models.CharField(blank=True, max_length=80)),
                ("payload", models.JSONField()),
                ("learned", models.JSONField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ForecastChoice",
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
                ("product", models.CharField(max_length=24)),
                ("shown", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField()),
                ("calibration", models.JSONField(default=dict)),
                ("calibration_hash", models.CharField(blank=True, max_length=64)),
                ("confirmed_by", models.CharField(blank=True, max_length=40)),
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
                ("meaning", models.CharField(max_length=300, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["site", "product", "decided_at"], name="forecast_choice")
                ],
            },
        ),
        migrations.CreateModel(
            name="ForecastScore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("site_id", models.UUIDField()),
                ("product", models.CharField(max_length=24)),
                ("event_id", models.UUIDField()),
                ("kind", models.CharField(max_length=16)),
                ("version", models.CharField(max_length=80)),
                ("scored_at", models.DateTimeField()),
                ("score", models.JSONField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forecast_scores",
                        to="session.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site_id", "product"], name="forecast_score_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "event_id", "kind"), name="one_score_a_reading"
                    )
                ],
            },
        ),
    ]
