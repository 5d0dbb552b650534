"""ClaimBook: an insurer's claims book, where every figure is a fold of one append-only ledger."""

from flaskr.app import create_app

__all__ = ["create_app"]
