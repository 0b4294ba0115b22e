"""What a world file says of the room of audit: how kinds of events are called. The trail itself is not loaded."""

from entrepot.audit.event_type import EVENT_TYPE
from entrepot.kernel.store_form import Form

FORMS = (Form(EVENT_TYPE),)
