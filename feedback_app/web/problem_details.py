"""Problem details (RFC 9457): errors in JSON or XML for programs that read a feed."""

import json
from http import HTTPStatus

from markupsafe import escape
from quart import Response

XML = '<?xml version="1.0" encoding="utf-8"?>\n<problem xmlns="urn:ietf:rfc:7807">{}</problem>\n'


def problem(path: str, status: int, sentence: str) -> Response | None:
    """The error in the format of the feed at this path, None for any other path."""
    details = {"title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    if path.endswith("/feed.json"):
        return Response(json.dumps(details, ensure_ascii=False), status, content_type="application/problem+json")
    if path.endswith("/feed.atom"):
        parts = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details.items())
        return Response(XML.format(parts), status, content_type="application/problem+xml")
    return None
