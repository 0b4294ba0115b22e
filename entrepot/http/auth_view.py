"""The pages on which people sign in and accept invitations, in the dress of the live page."""

from entrepot.http.markup import Html, html
from entrepot.http.page_view import FRAME, ICON, STYLE
from entrepot.storage.sessions import Invitation

SIGN_IN = """<main class="form card">
<h1>Entrepot</h1>
{fault}<form method="post" action="/auth/sign-in">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" required autofocus autocomplete="username" maxlength="320" value="{email}">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password" maxlength="200">
<button class="main">Sign in</button>
</form>
<form method="post" action="/auth/organisation">
<label for="organisation">Or at your own organisation</label>
<input id="organisation" name="email" type="email" required autocomplete="username" maxlength="320"
 placeholder="you@example.com">
<button>Go on</button>
</form>
</main>"""

INVITATION = """<main class="form card">
<h1>{account}</h1>
<p>{email} is invited to work for {account}.</p>
{fault}{form}
</main>"""

CHOOSE = """<form method="post" action="/auth/invitation">
<input type="hidden" name="code" value="{code}">
<label for="password">Choose a password</label>
<input id="password" name="password" type="password" required autofocus autocomplete="new-password" minlength="8"
 maxlength="200">
<button class="main">Accept</button>
</form>"""

ACCEPT = """<form method="post" action="/auth/invitation">
<input type="hidden" name="code" value="{code}">
<button class="main">Accept</button>
</form>"""

SIGN_IN_FIRST = """<p><a href="/auth/sign-in">Sign in</a> as that person first, and then follow the link again.</p>"""

AWAY = """<main class="form card">
<h1>Entrepot</h1>
<p><a href="{address}">Go on to your organisation</a></p>
</main>"""

REFUSED = """<main class="form card">
<h1>{title}</h1>
<p class="note red" role="alert">{detail}</p>
<p><a href="/auth/sign-in">Sign in</a></p>
</main>"""


def sign_in(fault: str = "", email: str = "") -> Html:
    """The form for e-mail and password, and the way to one's own organisation."""
    return _framed("Sign in", html(SIGN_IN, fault=_note(fault), email=email))


def away(address: str) -> Html:
    """Takes the browser on to its organisation. Browsers follow no redirect of a form to a site that the policy of the
    page does not name (`form-action`), and which organisation it is shows only then."""
    head = html('<meta http-equiv="refresh" content="0; url={address}">', address=address)
    return html(FRAME, title="Sign in", icon=ICON, style=STYLE, head=head, body=html(AWAY, address=address))


def invitation(code: str, found: Invitation, *, signed_in: bool, fault: str = "") -> Html:
    """What the link of an invitation shows: to a new person a password to choose, to one who is known a button."""
    form = CHOOSE if found.is_new else ACCEPT if signed_in else SIGN_IN_FIRST
    body = html(INVITATION, account=found.account, email=found.email, fault=_note(fault), form=html(form, code=code))
    return _framed("Invitation", body)


def refused(title: str, detail: str | None) -> Html:
    """What stands in the place of what was asked for."""
    return _framed(title, html(REFUSED, title=title, detail=detail))


def _note(fault: str) -> Html | None:
    return html('<p class="note red" role="alert">{fault}</p>', fault=fault) if fault else None


def _framed(title: str, body: Html) -> Html:
    return html(FRAME, title=title, icon=ICON, style=STYLE, head=None, body=body)
