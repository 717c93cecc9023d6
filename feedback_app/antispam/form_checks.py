"""Checks of a submitted form: the honeypot and the form token. A further proof, such as a captcha, goes here."""

from datetime import datetime

from ..text.messages import Message
from .form_token import FormTokens

EXPIRED = Message("This page had been open for long. Your words are still here: please post them once more.")
TRAPPED = Message("Only robots fill in the hidden field. Your words are still here: please post them once more.")


def spam_reason(honeypot: str, token: str, wall_id: int, at: datetime, form_tokens: FormTokens) -> Message | None:
    """The message for a form that does not look like a person's, None for a good one.

    It is called twice for a form that fails: on the fast path and again by the view that explains it. So a proof that
    can be spent only once must be spent in the transaction that stores the post (`walls/posting/store.py`).
    """
    if honeypot:
        return TRAPPED
    return None if form_tokens.is_good(token, wall_id, at) else EXPIRED
