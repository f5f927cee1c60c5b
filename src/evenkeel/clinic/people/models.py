"""Sites, staff, patients and what is known of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.permissions import ROLE_LABELS, STAFF_ROLES
from evenkeel.clinic.record.prepared import find_row


class Site(Record):
    """A place where people are treated. It is its own site."""

    added_later = frozenset({"acting_policy", "credentials_from"})

    name = models.CharField(max_length=120)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    crisis_line = models.CharField(max_length=120, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    jurisdiction = models.CharField(max_length=8, default="US")
    mrn_prefix = models.CharField(max_length=6, default="EK")
    active = models.BooleanField(default=True)
    #: Which credentials which act needs, and who must be here for a session, where the site
    #: decided otherwise than what ships (``acting_policy.py`` reads it).
    acting_policy = models.JSONField(null=True)
    #: From when on a missing credential takes acts away; nothing is taken while it is NULL.
    credentials_from = models.DateTimeField(null=True)


class Chair(Record):
    """A chair, bed or couch where a session takes place."""

    name = models.CharField(max_length=60)
    room = models.CharField(max_length=60, blank=True)
    bed_label = models.CharField(max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by e-mail address. Accounts are made by actions, never by this manager."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account with this e-mail address, in any case."""
        return self.get(email__iexact=username)

    def get(self, *args: Any, **kwargs: Any) -> Account:
        """As usual; by key alone, which every request does, by a statement prepared once."""
        if args or kwargs.keys() != {"pk"}:
            return super().get(*args, **kwargs)
        found: Account | None = find_row(self.model, kwargs["pk"])
        if found is None:
            raise self.model.DoesNotExist
        return found


class Account(AbstractBaseUser):
    """Somebody who can sign in: staff, or a patient seeing their own pages."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    credentials = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff_member = models.BooleanField(default=True)
    pin_hash = models.CharField(max_length=200, blank=True)
    patient = models.OneToOneField(
        "Patient", null=True, blank=True, on_delete=models.PROTECT, related_name="account"
    )
    created_at = models.DateTimeField()
    #: Raised to end every sign-in of this account at once.
    sign_in_epoch = models.PositiveIntegerField(default=0)
    #: What every page has to know without asking further: until when a record is open in an
    #: emergency, the next day on which a credential lapses, a sign-in by an unknown device.
    emergency_until = models.DateTimeField(null=True)
    credential_lapses = models.DateField(null=True)
    new_device_at = models.DateTimeField(null=True)

    objects = AccountManager()

    #: The time zone of the site where the account works; set when its caller is looked up.
    zone_name: str = "UTC"

    def get_session_auth_hash(self) -> str:
        """What a session must carry to be this account's: its password's hash and its epoch."""
        return self._epoch_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under the fallback keys of a rotated secret key."""
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._epoch_hash(secret)

    def _epoch_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "evenkeel.people.sign_in",
            f"{self.password}:{self.sign_in_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def shown_name(self) -> str:
        """Name with credentials, as on a note: "Noor Fiktiv, RN"."""
        return f"{self.full_name}, {self.credentials}" if self.credentials else self.full_name

    def __str__(self) -> str:
        return self.full_name


class Membership(Record):
    """That an account holds a role at a site, until it is ended."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(r.value, ROLE_LABELS[r]) for r in STAFF_ROLES])
    ended_at = models.DateTimeField(null=True)


class Credential(Record):
    """A document that says what somebody may do, counted at one site once a second person saw it.

    ``kind`` is one of the policy's. A renewal is a new row; one that was wrong is ended.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="held_credentials")
    kind = models.CharField(max_length=24)
    title = models.CharField(max_length=80, blank=True)
    number = models.CharField(max_length=60, blank=True)
    issuer = models.CharField(max_length=120)
    issued_on = models.DateField(null=True)
    #: The last day on which it counts; NULL for what does not expire.
    expires_on = models.DateField(null=True)
    seen_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True)
    seen_what = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=300, blank=True)
    #: How many days before its last day the holder was reminded last.
    reminded_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "kind"], name="credential_of")]


class EmergencyAccess(Record):
    """One person's record, opened by somebody whom no role lets see it, until a time."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("Patient", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    confirmed_by = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    verdict = models.CharField(
        max_length=16,
        blank=True,
        choices=[("justified", "Justified"), ("not_justified", "Not justified")],
    )
    review_words = models.CharField(max_length=1000, blank=True)
    reviewed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "until"], name="emergency_of")]


class Duty(Record):
    """That somebody is on duty at a site on a day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "day", "account"],
                condition=models.Q(ended_at__isnull=True),
                name="one_duty_a_day",
            )
        ]


class Invitation(Record):
    """An offer of an account to somebody, by a link that works once."""

    email = models.EmailField()
    full_name = models.CharField(max_length=120)
    credentials = models.CharField(max_length=40, blank=True)
    roles = models.JSONField(default=list)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    #: The account it made; or, from the start, the one whose sign-in it sets anew.
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT)
    #: Set where the account is to be a patient's own.
    patient = models.ForeignKey("Patient", null=True, on_delete=models.PROTECT, related_name="+")


class Patient(Record):
    """A person who may be, is or was treated."""

    SEXES = (
        ("female", "Female"),
        ("male", "Male"),
        ("other", "Other"),
        ("unknown", "Unknown"),
    )

    mrn = models.CharField(max_length=20, unique=True)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    called = models.CharField(max_length=80, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    birth_date = models.DateField()
    sex = models.CharField(
        max_length=10,
        choices=SEXES,
        default="unknown",
    )
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    address = models.TextField(blank=True)
    emergency_contact = models.CharField(max_length=160, blank=True)
    deceased = models.BooleanField(default=False)
    deceased_at = models.DateTimeField(null=True)
    identifiers = models.JSONField(default=list)
    origin = models.CharField(max_length=120, default="entered here")
    #: Where the newest course stands and when the person comes next, kept by ``standing.py`` for
    #: the list of people, which must not ask the course for every row.
    stage = models.CharField(max_length=16, blank=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["site", "family_name", "given_name"], name="patient_by_name")
        ]

    @property
    def patient_ref(self) -> uuid.UUID:
        """Itself."""
        return self.id

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    def age_years(self, on: date) -> int:
        """Completed years on a day."""
        born = self.birth_date
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


class Fact(Record):
    """One thing known of a person, with its date and origin. What is not stated is unknown.

    ``key`` is a key of the protocol's vocabulary, or ``condition``, ``medicine``, ``allergy`` for
    list-like facts, whose ``value`` names the thing. A newer fact of the same key supersedes by
    date; a correction supersedes by ``replaced_by``.
    """

    STATES = (("known", "Known"), ("absent", "Known to be absent"))

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="facts")
    key = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=STATES, default="known")
    value = models.JSONField(null=True)
    as_of = models.DateTimeField(null=True)
    origin = models.CharField(max_length=160)
    source_key = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, default="active")
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    class Meta:
        indexes = [models.Index(fields=["patient", "key"], name="fact_by_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "source_key"],
                condition=~models.Q(source_key="") & models.Q(replaced_by__isnull=True),
                name="one_fact_a_source",
            )
        ]


class MrnCounter(models.Model):
    """The last medical record number given out under a prefix; only the writer touches it."""

    prefix = models.CharField(max_length=6, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class SetupToken(models.Model):
    """A one-time token that makes the first administrator. Only its hash is kept."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignIn(models.Model):
    """One sign-in of an account: when, from where, on what; its key leads to the session."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    device = models.CharField(max_length=80, blank=True)
    #: The hash of what this browser carries to be known again.
    device_hash = models.CharField(max_length=64)
    known_device = models.BooleanField(default=True)
    #: When its owner was told by e-mail, where e-mail is set up.
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "at"], name="sign_in_of")]


class FailedAttempt(models.Model):
    """A wrong code or token. Counted in the database, so that a limit holds across processes."""

    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["kind", "subject", "at"], name="failed_attempt")]
