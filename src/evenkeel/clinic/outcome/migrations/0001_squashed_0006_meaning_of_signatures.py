"""The whole of this app's tables at once, for a database that has none of them yet."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("outcome", "0001_initial"),
        ("outcome", "0002_signal_of_a_call"),
        ("outcome", "0003_long_term_watch"),
        ("outcome", "0004_measuring"),
        ("outcome", "0005_mood_ahead"),
        ("outcome", "0006_meaning_of_signatures"),
    ]

    initial = True

    dependencies = [
        ("course", "0001_initial"),
        ("course", "0003_decision_talk"),
        ("people", "0001_initial"),
        ("session", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ask",
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
                ("instrument", models.CharField(max_length=24)),
                ("instrument_version", models.CharField(max_length=20)),
                ("occasion", models.CharField(blank=True, max_length=60)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("sender", models.CharField(default="show", max_length=12)),
                ("sent_by", models.CharField(max_length=200)),
                ("sent_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("begun", "Begun"),
                            ("answered", "Answered"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="sent",
                        max_length=10,
                    ),
                ),
                ("partial", models.JSONField(default=dict)),
                ("begun_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asks",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asks",
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
                ("language", models.CharField(max_length=16, null=True)),
                ("occasion_key", models.CharField(max_length=120, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["course", "sent_at"], name="ask_by_course")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("course", "occasion_key"), name="one_ask_an_occasion"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Response",
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
                ("instrument", models.CharField(max_length=24)),
                ("instrument_version", models.CharField(max_length=20)),
                ("answers", models.JSONField()),
                ("total", models.IntegerField(null=True)),
                ("band", models.CharField(blank=True, max_length=60)),
                ("refused_reason", models.CharField(blank=True, max_length=200)),
                ("answered_at", models.DateTimeField()),
                ("entered_by", models.CharField(blank=True, max_length=200)),
                (
                    "ask",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="response",
                        to="outcome.ask",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="responses",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="responses",
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
                "indexes": [
                    models.Index(fields=["course", "instrument", "answered_at"], name="scores")
                ],
            },
        ),
        migrations.CreateModel(
            name="SafetySignal",
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
                ("statement", models.CharField(max_length=300)),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("now", "Act now"),
                            ("today", "Speak today"),
                            ("routine", "Review before the next dose"),
                        ],
                        max_length=20,
                    ),
                ),
                ("follow_up", models.JSONField(default=dict)),
                ("raised_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_note", models.TextField(blank=True)),
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
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_signals",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_signals",
                        to="people.patient",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signals",
                        to="outcome.response",
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
                    "call",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_signal",
                        to="session.appointment",
                    ),
                ),
                ("taken_at", models.DateTimeField(null=True)),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("meaning", models.CharField(max_length=300, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["site", "closed_at"], name="signal_by_site")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("call__isnull", False), ("response", None)),
                            models.Q(("call", None), ("response__isnull", False)),
                            _connector="OR",
                        ),
                        name="signal_has_one_source",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchEntry",
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
                ("item", models.CharField(max_length=24)),
                ("value", models.CharField(max_length=24)),
                ("note", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField()),
                ("entered_by", models.CharField(max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("taken_back", models.BooleanField(default=False)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="outcome.watchentry",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="watch_entries",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="watch_entries",
                        to="people.patient",
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
                    models.Index(fields=["patient", "item", "asked_at"], name="watch_by_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="ClinicText",
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
                ("instrument", models.CharField(max_length=24)),
                ("language", models.CharField(max_length=16)),
                ("document", models.JSONField()),
                ("licence", models.CharField(max_length=300)),
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
                "indexes": [models.Index(fields=["site", "instrument"], name="text_by_instrument")],
            },
        ),
        migrations.CreateModel(
            name="ContactChoice",
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
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "Text message"),
                            ("none", "No messages"),
                        ],
                        max_length=8,
                    ),
                ),
                ("language", models.CharField(default="en", max_length=16)),
                ("quiet_from", models.CharField(blank=True, max_length=5)),
                ("quiet_until", models.CharField(blank=True, max_length=5)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("chosen_at", models.DateTimeField()),
                ("chosen_by", models.CharField(max_length=200)),
                (
                    "patient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_choice",
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Message",
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
                ("asks", models.JSONField(default=list)),
                ("number", models.PositiveSmallIntegerField()),
                ("channel", models.CharField(max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unclear", "Perhaps sent"),
                        ],
                        default="sending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("claimed_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=60)),
                (
                    "ask",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="outcome.ask",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
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
                "indexes": [
                    models.Index(fields=["patient", "claimed_at"], name="message_by_person"),
                    models.Index(fields=["state", "claimed_at"], name="message_by_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("ask", "number"), name="one_message_a_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="SignalCall",
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
                    "step",
                    models.CharField(
                        choices=[
                            ("team", "The care team"),
                            ("everybody", "Everybody who may close it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("called_at", models.DateTimeField()),
                ("names", models.JSONField(default=list)),
                ("reached", models.PositiveSmallIntegerField(null=True)),
                ("unreached", models.PositiveSmallIntegerField(null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
                (
                    "signal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("signal", "step", "since"), name="one_call_a_step"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamQuestion",
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
                ("text", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
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
                    "course",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="team_questions",
                        to="course.course",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="team_questions",
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
                "indexes": [models.Index(fields=["site", "answered_at"], name="question_by_site")],
            },
        ),
        migrations.CreateModel(
            name="MoodAhead",
            fields=[
                (
                    "course",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mood_ahead",
                        serialize=False,
                        to="course.course",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("model_version", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("position", models.BigIntegerField()),
                ("payload", models.JSONField(null=True)),
                ("people", models.JSONField(null=True)),
                ("reason_code", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("what_to_do", models.CharField(blank=True, max_length=300)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="people.patient",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SpacingDecision",
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
                    "decision",
                    models.CharField(
                        choices=[
                            ("keep", "As planned"),
                            ("earlier", "Earlier"),
                            ("later", "Later"),
                            ("stop", "Stop"),
                            ("other", "Another treatment"),
                        ],
                        max_length=8,
                    ),
                ),
                ("on_day", models.DateField(null=True)),
                ("reason", models.TextField()),
                ("proposed", models.JSONField()),
                ("decided_at", models.DateTimeField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spacing_decisions",
                        to="course.course",
                    ),
                ),
                (
                    "decided_by",
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
                    "revises",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revised_by",
                        to="outcome.spacingdecision",
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
                    models.Index(fields=["course", "decided_at"], name="spacing_by_course")
                ],
            },
        ),
    ]
