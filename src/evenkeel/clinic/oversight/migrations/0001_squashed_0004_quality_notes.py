"""The whole of this app's tables at once, for a database that has none of them yet."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("oversight", "0001_initial"),
        ("oversight", "0002_requests"),
        ("oversight", "0003_erasure_request"),
        ("oversight", "0004_quality_notes"),
    ]

    initial = True

    dependencies = [
        ("course", "0004_touch_boundaries"),
        ("outcome", "0005_mood_ahead"),
        ("people", "0001_initial"),
        ("people", "0002_acting"),
        ("session", "0004_forecast"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("adverse_event", "Adverse event"),
                            ("near_miss", "Near miss"),
                            ("incident", "Other incident"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("session", "In a session"),
                            ("call", "Said on a follow-up call"),
                            ("signal", "A safety signal"),
                            ("questionnaire", "An answered questionnaire"),
                            ("person", "Told or found otherwise"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("product", models.CharField(blank=True, max_length=24)),
                ("severity", models.CharField(blank=True, max_length=12)),
                ("seriousness", models.JSONField(default=list)),
                ("outcome", models.CharField(blank=True, max_length=24)),
                ("happened_at", models.DateTimeField()),
                ("noticed_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=200)),
                ("review_due_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                ("reviewed_account_id", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="session.appointment",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="people.patient",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="outcome.response",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="session.session",
                    ),
                ),
                (
                    "signal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="outcome.safetysignal",
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
                    models.Index(fields=["site", "happened_at"], name="incident_by_time"),
                    models.Index(fields=["site", "closed_at"], name="incident_open"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("site", "number"), name="one_incident_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentAccount",
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
                ("reason", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("adverse_event", "Adverse event"),
                            ("near_miss", "Near miss"),
                            ("incident", "Other incident"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("narrative", models.TextField()),
                ("happened_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("severity", models.CharField(blank=True, max_length=12)),
                ("seriousness", models.JSONField(default=list)),
                ("serious_words", models.CharField(blank=True, max_length=400)),
                ("causality", models.CharField(blank=True, max_length=20)),
                ("expectedness", models.CharField(blank=True, max_length=12)),
                ("listed", models.CharField(blank=True, max_length=80)),
                ("outcome", models.CharField(blank=True, max_length=24)),
                ("died_on", models.DateField(null=True)),
                ("action_taken", models.CharField(blank=True, max_length=24)),
                ("abated", models.CharField(blank=True, max_length=16)),
                ("reappeared", models.CharField(blank=True, max_length=16)),
                ("treatment", models.TextField(blank=True)),
                ("tests", models.TextField(blank=True)),
                ("history", models.TextField(blank=True)),
                ("given", models.JSONField(default=dict)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="oversight.incident",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
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
                    "supersedes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="oversight.incidentaccount",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["incident", "written_at"], name="account_by_incident")
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentAction",
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
                ("what", models.CharField(max_length=400)),
                ("due_on", models.DateField()),
                ("due_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("done_at", models.DateTimeField(null=True)),
                ("done_by", models.CharField(blank=True, max_length=200)),
                ("done_note", models.TextField(blank=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="oversight.incident",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
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
            ],
            options={
                "indexes": [models.Index(fields=["site", "done_at", "due_at"], name="action_open")],
            },
        ),
        migrations.CreateModel(
            name="RemsDefinition",
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
                ("program", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("edition", models.CharField(max_length=60)),
                ("document", models.JSONField()),
                ("document_hash", models.CharField(max_length=64)),
                ("loaded_by", models.CharField(max_length=200)),
                ("loaded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=200)),
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
                "indexes": [models.Index(fields=["site", "program"], name="rems_definition")],
            },
        ),
        migrations.CreateModel(
            name="RemsForm",
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
                ("program", models.CharField(max_length=40)),
                ("definition", models.JSONField()),
                ("definition_hash", models.CharField(max_length=64)),
                ("fields", models.JSONField(default=dict)),
                ("begun_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("submitted_how", models.CharField(blank=True, max_length=20)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("noted_at", models.DateTimeField(null=True)),
                ("earlier", models.JSONField(default=list)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rems_form",
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
                    "submitted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "submitted_at"], name="rems_form_open")],
            },
        ),
        migrations.CreateModel(
            name="RemsPatient",
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
                ("program", models.CharField(max_length=40)),
                ("signed_name", models.CharField(max_length=160)),
                ("patient_signed_on", models.DateField()),
                ("prescriber_signed_at", models.DateTimeField()),
                ("submitted_on", models.DateField()),
                ("submitted_how", models.CharField(max_length=20)),
                ("reference", models.CharField(max_length=120)),
                ("recorded_by", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                ("end_reason", models.TextField(blank=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rems",
                        to="people.patient",
                    ),
                ),
                (
                    "prescriber",
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
                "indexes": [models.Index(fields=["patient", "program"], name="rems_patient")],
            },
        ),
        migrations.CreateModel(
            name="RemsSite",
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
                ("program", models.CharField(max_length=40)),
                ("representative", models.CharField(max_length=200)),
                ("enrolled_on", models.DateField()),
                ("enrollment_number", models.CharField(blank=True, max_length=60)),
                ("pharmacies", models.JSONField(default=list)),
                ("recorded_by", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("ended_on", models.DateField(null=True)),
                ("end_reason", models.TextField(blank=True)),
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
                "indexes": [models.Index(fields=["site", "program"], name="rems_site")],
            },
        ),
        migrations.CreateModel(
            name="Report",
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
                ("authority", models.CharField(max_length=40)),
                ("due_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(blank=True, max_length=200)),
                ("sent_how", models.CharField(blank=True, max_length=20)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("document", models.JSONField(null=True)),
                ("document_hash", models.CharField(blank=True, max_length=64)),
                ("not_sent_reason", models.TextField(blank=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="oversight.incident",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
                (
                    "sender",
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
                "indexes": [models.Index(fields=["site", "sent_at", "due_at"], name="report_open")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "authority"), name="one_report_an_authority"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Complaint",
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
                    "via",
                    models.CharField(
                        choices=[
                            ("own", "The person's own pages"),
                            ("public", "The clinic's public page"),
                            ("staff", "Written down by staff"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("team", "Somebody who treats me"),
                            ("medical_director", "The medical director"),
                            ("administrator", "The administrator"),
                            ("place", "The place, or how things are run"),
                            ("unsaid", "Not said"),
                        ],
                        default="unsaid",
                        max_length=20,
                    ),
                ),
                ("recipients", models.JSONField(default=list)),
                ("excluded", models.JSONField(default=list)),
                ("from_name", models.CharField(blank=True, max_length=120)),
                ("from_contact", models.CharField(blank=True, max_length=200)),
                ("anonymous", models.BooleanField(default=False)),
                ("written_by", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("wish", models.TextField(blank=True)),
                ("happened", models.CharField(blank=True, max_length=120)),
                ("received_at", models.DateTimeField()),
                ("code_hash", models.CharField(max_length=64, unique=True)),
                ("acknowledge_by", models.DateTimeField(null=True)),
                ("answer_by", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=200)),
                ("acknowledgement", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("answer", models.TextField(blank=True)),
                ("findings", models.TextField(blank=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.site",
                    ),
                ),
                (
                    "subject_patient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "answered_at"], name="complaint_open")],
                "constraints": [
                    models.UniqueConstraint(fields=("site", "number"), name="one_complaint_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
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
                        choices=[("correction", "Correction"), ("restriction", "Limited use")],
                        max_length=12,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("particulars", "Name, birth date, address and how to reach them"),
                            ("facts", "Health facts, medicines, allergies, conditions"),
                            ("course", "Course of treatment, screening and plan"),
                            ("sessions", "Sessions and what was given"),
                            ("questionnaires", "Questionnaires and scores"),
                            ("therapy", "Therapy around the doses"),
                            ("whole", "The whole record"),
                        ],
                        max_length=16,
                    ),
                ),
                ("said", models.TextField()),
                ("wanted", models.TextField(blank=True)),
                (
                    "asked_as",
                    models.CharField(
                        choices=[
                            ("self", "The person themselves"),
                            ("representative", "Somebody who may act for them"),
                        ],
                        default="self",
                        max_length=16,
                    ),
                ),
                ("asked_name", models.CharField(max_length=160)),
                ("received_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("extended_to", models.DateField(null=True)),
                ("extension_reason", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("granted", "Granted"),
                            ("partly", "Granted in part"),
                            ("denied", "Refused"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("answer", models.TextField(blank=True)),
                ("changed", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("disagreement", models.TextField(blank=True)),
                ("disagreed_at", models.DateTimeField(null=True)),
                ("rebuttal", models.TextField(blank=True)),
                ("rebutted_at", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lift_reason", models.TextField(blank=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lifted_by",
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
                        related_name="privacy_requests",
                        to="people.patient",
                    ),
                ),
                (
                    "rebutted_by",
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
                    "taken_by",
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
                    models.Index(fields=["site", "state", "due_on"], name="privacy_by_due"),
                    models.Index(fields=["patient", "state"], name="privacy_by_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ErasureRequest",
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
                    "basis",
                    models.CharField(
                        choices=[
                            ("period_over", "The period for which it must be kept is over"),
                            ("wrong_person", "The record is not of the person it says it is"),
                            ("unlawful", "It should never have been recorded"),
                            ("court", "A court or authority ordered it"),
                        ],
                        max_length=16,
                    ),
                ),
                ("law", models.CharField(blank=True, max_length=300)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits for the second person"),
                            ("done", "Erased"),
                            ("withdrawn", "Dropped"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_confirmed", models.CharField(blank=True, max_length=40)),
                ("kept_for", models.JSONField(default=list)),
                ("decided_at", models.DateTimeField(null=True)),
                ("second_confirmed", models.CharField(blank=True, max_length=40)),
                ("payloads", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "second",
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
                "indexes": [models.Index(fields=["patient", "state"], name="erasure_by_person")],
            },
        ),
        migrations.CreateModel(
            name="QualityNote",
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
                ("measure", models.CharField(max_length=40)),
                ("product", models.CharField(blank=True, max_length=24)),
                ("step", models.CharField(max_length=8)),
                ("place", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cause", "A cause was found"),
                            ("none", "Looked into, no cause found"),
                            ("data", "The figures were wrong"),
                            ("change", "Something was changed here: limits begin anew"),
                        ],
                        max_length=8,
                    ),
                ),
                ("text", models.TextField()),
                ("noted_at", models.DateTimeField()),
                ("struck_at", models.DateTimeField(null=True)),
                ("struck_reason", models.CharField(blank=True, max_length=400)),
                (
                    "noted_by",
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
                (
                    "struck_by",
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
                    models.Index(fields=["site", "measure", "product"], name="quality_note_of")
                ],
            },
        ),
    ]
