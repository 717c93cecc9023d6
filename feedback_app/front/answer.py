"""An answer that is whole before it leaves, and the shortest way for it to do that."""

from collections.abc import Iterable
from typing import NamedTuple

from ..asgi import Message, Scope, Send
from ..logs import answered

Header = tuple[bytes, bytes]
# Under this name our server offers to put a whole answer on the line that was framed before.
ANSWER = "feedback.answer"


class Answer(NamedTuple):
    """As ASGI has it, and as it goes down the line after the status line and what the server says in every answer."""

    start: Message
    body: Message
    framed: bytes

    @classmethod
    def of(cls, status: int, headers: Iterable[Header], body: bytes = b"") -> "Answer":
        told = list(headers)
        start = {"type": "http.response.start", "status": status, "headers": told}
        framed = b"".join(b"%b: %b\r\n" % header for header in told) + b"\r\n" + body
        return cls(start, {"type": "http.response.body", "body": body, "more_body": False}, framed)

    async def give(self, scope: Scope, send: Send) -> None:
        put = (scope.get("extensions") or {}).get(ANSWER) if scope["method"] != "HEAD" else None
        if put is not None and put(self.start["status"], self.framed):
            answered(scope, self.start["status"], len(self.body["body"]))
        else:
            await send(self.start)
            await send(self.body)
