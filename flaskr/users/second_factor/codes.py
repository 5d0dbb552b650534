"""One-time codes (RFC 6238) and recovery codes: their secrets, and how they are compared.

The secret of an app is the HMAC of a stored nonce under SECRET_KEY, so a stolen database gives no
codes. Recovery codes have 120 random bits; plain digests of them are stored, so that they work
after SECRET_KEY has changed.
"""

import base64
import hmac
import io
import re
import secrets
from urllib.parse import quote

import pyotp
import segno

from flaskr.users.sessions.secrets import keyed_digest, secret_digest
from flaskr.values.calendar import utc_now

RECOVERY_CODE_COUNT = 10
_SECRET_BYTES = 20  # what RFC 4226 recommends, and apps expect
_RECOVERY_BYTES = 15  # 24 letters and digits
_STEP_SECONDS = 30
_STEPS_AROUND = (-1, 0, 1)  # phones' clocks differ, and typing takes time
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_SIGNS = re.compile(r"[\s-]+")


def new_nonce() -> str:
    """Return a random text that a secret is made from."""
    return secrets.token_hex(32)


def shared_secret(nonce: str) -> str:
    """Return the secret that the app and the book share, in base32."""
    digest = bytes.fromhex(keyed_digest(f"second factor:{nonce}"))
    return base64.b32encode(digest[:_SECRET_BYTES]).decode()


def grouped(code: str) -> str:
    """Return a secret or a recovery code in groups of four, to read and to type."""
    return " ".join(re.findall(".{1,4}", code))


def setup_address(secret: str, email: str, book: str) -> str:
    """Return the otpauth address that an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=book)


def picture_of(address: str) -> str:
    """Return an address as a QR code: an SVG in a data address, black on white in the dark too."""
    svg = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        svg, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return f"data:image/svg+xml,{quote(svg.getvalue())}"


def matching_step(secret: str, code: str) -> int | None:
    """Return the step of 30 seconds that a code is of, now or one beside; None if it is wrong.

    All are compared, in constant time.
    """
    typed = _SIGNS.sub("", code)
    if not _CODE.fullmatch(typed):
        return None
    now, totp = int(utc_now().timestamp()) // _STEP_SECONDS, pyotp.TOTP(secret)
    matches = [
        now + around
        for around in _STEPS_AROUND
        if hmac.compare_digest(totp.at((now + around) * _STEP_SECONDS), typed)
    ]
    return matches[-1] if matches else None


def new_recovery_code() -> str:
    """Return a random recovery code, without the spaces it is shown with."""
    return base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()


def recovery_digest(code: str) -> str:
    """Return the digest that a recovery code is looked up by, however it was typed."""
    return secret_digest(_SIGNS.sub("", code).upper())
