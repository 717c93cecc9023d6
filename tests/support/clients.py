"""What tests send to a wall: over plain HTTP, as a page of the wall itself does."""

import ssl

# Our servers speak plain HTTP; reading the system's certificates for each client would take longer than many a test.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OURS = {"Sec-Fetch-Site": "same-origin"}
HTMX = {**OURS, "HX-Request": "true"}
