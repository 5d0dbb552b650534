"""Secrets that people and programs carry: long, random, and kept here only as digests."""

import hashlib
import hmac
import secrets

from flask import current_app

TOKEN_PREFIX = "claimbook_"  # noqa: S105 - so that whoever finds a token knows what it opens


def new_secret() -> str:
    """Return a secret of 256 random bits, fit for addresses and cookies."""
    return secrets.token_urlsafe(32)


def new_public_name() -> str:
    """Return what stands for a session or a token in addresses."""
    return secrets.token_hex(8)


def secret_digest(secret: str) -> str:
    """Return the SHA-256 that a secret is looked up by; it is too random to be guessed from it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def keyed_digest(text: str) -> str:
    """Return a digest of something that could be guessed, by the key that signs cookies."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
