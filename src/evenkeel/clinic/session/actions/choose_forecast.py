"""The medical director decides whether the live forecast of a product is shown at a site."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import role_at, signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.forecast.calibration import calibration_of
from evenkeel.clinic.session.models import LIVE_STATES, ForecastChoice, Session, SessionForecast
from evenkeel.pharmacology.calibration import STANDARD
from evenkeel.protocol.products import PRODUCTS


@action("forecast.choose", permission="forecast.choose")
def choose_forecast(
    act: Act,
    *,
    site_id: Any,
    product: str,
    shown: bool,
    seen_hash: str,
    reason: str,
    confirmed_by: str = "",
    seen_readings: int | None = None,
) -> ForecastChoice:
    """Show the forecast of a product, or take it back into the shadow.

    ``seen_hash`` is that of the calibration the director was shown, ``seen_readings`` how many it
    counted, for the words of a refusal; the hash is kept with the decision.
    Raises ``Invalid`` without a reason or for a product that does not exist, ``Conflict``
    (``calibration_changed``) where more was scored since, ``Refused`` (``too_few``) where too few
    readings were scored to show it; taking it back is never refused for that.
    """
    site = act.open(Site, site_id)
    if product not in PRODUCTS:
        raise Invalid("There is no such product.", code="unknown_product")
    if role_at(act, site.pk) != Role.MEDICAL_DIRECTOR:
        raise Forbidden("Only a medical director decides this.")
    if not reason.strip():
        raise Invalid("The decision has no reason yet.", fields={"reason": "Say why."})
    found = calibration_of(site.pk, product)
    if shown and not found.enough:
        raise Refused(
            f"{len(found.scores)} readings were scored so far.",
            what_to_do=f"From {STANDARD.least_readings} readings of one endpoint in "
            f"{STANDARD.least_sessions} sessions on it can be seen how the forecast does.",
            code="too_few",
        )
    if shown and found.hash != seen_hash:
        raise _changed(site, product, len(found.scores) - (seen_readings or len(found.scores)))
    row = ForecastChoice(
        site=site,
        product=product,
        shown=shown,
        reason=reason.strip()[:1000],
        decided_at=act.now,
        decided_by=signer(act),
        calibration=found.document(),
        calibration_hash=found.hash,
        confirmed_by=confirmed_by[:40],
        meaning=_meaning(product, shown),
    )
    act.reason = row.reason
    act.write(row)
    if not shown:
        # at once, also where the forecaster is down and could not take back what it made before
        SessionForecast.objects.filter(session__product=product, site_id=site.pk).update(
            shown=False
        )
    announce()
    return row


def _changed(site: Site, product: str, more: int) -> Conflict:
    """What happened since the page was opened, and why it may happen again."""
    live = Session.objects.filter(
        site_id=site.pk, product=product, state__in=LIVE_STATES, first_dose_at__isnull=False
    ).count()
    many = "readings were" if more > 1 else "reading was"
    told = f"{more} more {many} scored" if more > 0 else "The figures have changed"
    why = ""
    if live:
        going = "A session is" if live == 1 else f"{live} sessions are"
        why = f"{going} going on, and each of its readings is counted. "
    return Conflict(
        f"{told} while this page was open, so nothing was decided.",
        what_to_do=f"{why}The figures are now as they stand; what you chose and wrote is kept. "
        "Look at them, then decide again.",
        code="calibration_changed",
    )


def _meaning(product: str, shown: bool) -> str:
    label = PRODUCTS[product].label
    what = "is shown in the room" if shown else "is not shown"
    return f"I have seen how the forecast does here and decide: that of {label} {what}."
