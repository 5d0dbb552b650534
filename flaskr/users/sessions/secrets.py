"""Random secrets of sessions, tokens and links, of which only digests are stored."""

import hashlib
import hmac
import secrets

from flask import current_app

TOKEN_PREFIX = "claimbook_"  # noqa: S105 - so that a leaked token can be recognised


def new_secret() -> str:
    """Return a secret of 256 random bits that can be used in addresses and cookies."""
    return secrets.token_urlsafe(32)


def new_public_name() -> str:
    """Return a random name for a session or a token in addresses."""
    return secrets.token_hex(8)


def secret_digest(secret: str) -> str:
    """Return the SHA-256 that a secret is looked up by; a random secret needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def keyed_digest(text: str) -> str:
    """Return an HMAC, under SECRET_KEY, of a text that could be guessed."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
