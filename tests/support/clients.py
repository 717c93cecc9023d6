"""Headers of requests as a page of the wall sends them, and TLS settings of clients."""

import ssl

# Our servers use plain HTTP, and loading the system's certificates is slower than many tests.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OURS = {"Sec-Fetch-Site": "same-origin"}
HTMX = {**OURS, "HX-Request": "true"}
