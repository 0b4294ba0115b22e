"""Which of the product's texts something shows: the vendor's choice, else the product's default of that kind."""

from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.thing import Thing


def default_template(got: Got, kind: str) -> str | None:
    """The product's text of that kind, where the vendor names none."""
    return next((str(each.id) for each in got.templates if each.type == kind and each.is_default), None)


def choose(call: Call, thing: Thing, body: Body, got: Got, kind: str) -> None:
    """A template must be one of the product, of that kind; null, which extensions send, is no choice."""
    if "template" not in body:
        return
    if thing.template_id is None:
        thing.template_id = default_template(got, kind)
        return
    found = next((each for each in got.templates if each.id == thing.template_id), None)
    if found is None or not str(found.type).startswith(kind):
        call.fault(body.path("template.id"), f"Template {thing.template_id} is not one for this.")
