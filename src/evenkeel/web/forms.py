"""Form rendering in the look of the page kit."""

from django.forms.renderers import TemplatesSetting


class KitRenderer(TemplatesSetting):
    """Draw every Django form with the kit's own field, error and form templates.

    Set `FORM_RENDERER = "evenkeel.web.forms.KitRenderer"` and keep `django.forms` among the
    installed apps, from whose templates the widgets themselves come.
    """

    form_template_name = "web/components/form.html"
    field_template_name = "web/components/field.html"
