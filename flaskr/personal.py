"""Who people are: whether this work may say it, or gives pseudonyms in place of names."""

from contextvars import ContextVar

# Of commands true: who runs them has the database. The guard sets it for each request.
sees_names: ContextVar[bool] = ContextVar("sees_names", default=True)
