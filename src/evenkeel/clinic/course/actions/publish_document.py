"""Publishing the words people consent to. A published version never changes."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.consent_text import (
    GROUPS,
    check_document,
    default_document,
    tidy,
    words_hash,
)
from evenkeel.clinic.course.models import ConsentDocument
from evenkeel.clinic.course.queries import KIND_TREATMENT, document_in_force, next_number
from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.errors import Refused

MEANING: Final = "I publish version {number} of these words for people to consent to."


@action("consent.publish", permission="consent.publish")
def publish_document(
    act: Act, *, site_id: Any, product_group: str, title: str, body: str, change_note: str = ""
) -> ConsentDocument:
    """Publish a new version for a product group at a site and retire the one before.

    Every consent to an earlier version asks again. Raises ``Invalid`` where the text leaves out a
    risk it must name or a source (``document_incomplete``), ``Refused`` where nothing changed.
    """
    site = act.open(Site, site_id)
    title, body = " ".join(title.split()), tidy(body)
    check_document(product_group, title, body)
    before = document_in_force(site.pk, product_group)
    body_hash = words_hash(title, body)
    if before is not None and before.body_hash == body_hash:
        raise Refused(
            "These are the words already in force.",
            what_to_do="Change the text before you publish it.",
            code="unchanged",
        )
    versions = ConsentDocument.objects.filter(
        site=site, kind=KIND_TREATMENT, product_group=product_group
    )
    number = next_number(versions)
    if before is not None:
        before.retired_at = act.now
        act.write(before)
    return act.write(
        ConsentDocument(
            site=site,
            kind=KIND_TREATMENT,
            product_group=product_group,
            number=number,
            title=title,
            body=body,
            body_hash=body_hash,
            change_note=" ".join(change_note.split())[:300],
            published_by=signer(act),
            published_at=act.now,
            meaning=MEANING.format(number=number),
        )
    )


def publish_defaults(ctx: Context, site_id: Any) -> list[ConsentDocument]:
    """Publish the text a clinic starts from, for each product group that has none yet."""
    published = []
    for group in GROUPS:
        if document_in_force(site_id, group) is None:
            title, body = default_document(group)
            published.append(
                publish_document(
                    ctx,
                    site_id=site_id,
                    product_group=group,
                    title=title,
                    body=body,
                    change_note="The text every clinic starts from.",
                )
            )
    return published
