"""The private keys of ASGI scopes: what our layers, the server and Quart tell each other about one request."""

# The access log's record of the request: `access_log.Record`.
RECORD = "feedback.record"
# What a public page is made of (`responses.fingerprint`), left there by the view that rendered it.
FINGERPRINT = "feedback.fingerprint"
# What came of a post that `fast_path` has tried: `store.Refused`, or an exception, for Quart to explain.
SUBMITTED = "feedback.submitted"

# Keys of `scope["extensions"]`, which our server offers (`server/protocol.py`).
# The connection's transport.
TRANSPORT = "feedback.transport"
# A function that writes a whole response at once.
WRITE_RESPONSE = "feedback.write_response"
# A function that cuts the connection.
DISCONNECT = "feedback.disconnect"
