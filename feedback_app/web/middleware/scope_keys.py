"""Private keys of the ASGI scope, by which our middleware, the server and Quart share data about a request."""

# The access log's record of the request: `access_log.Record`.
RECORD = "feedback.record"
# The page's fingerprint (`responses.fingerprint`), set by `responses.answer` for the page cache.
FINGERPRINT = "feedback.fingerprint"
# The result of a post that the fast path could not store: `store.Refused`, or an exception, for Quart to explain.
SUBMITTED = "feedback.submitted"

# Keys of `scope["extensions"]`, which our server offers (`server/protocol.py`).
# The connection's transport.
TRANSPORT = "feedback.transport"
# A function `(status, bytes) -> bool` that writes a complete, framed response to the connection.
WRITE_RESPONSE = "feedback.write_response"
# A function that closes the connection.
DISCONNECT = "feedback.disconnect"
