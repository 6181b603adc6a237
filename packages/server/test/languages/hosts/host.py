"""Serves verify.py: the answer to a bearer token, and the state of the follower."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from revocations import Revocations, Unavailable

follower = Revocations(
    os.environ.get("REVOCATIONS", f"{os.environ['ISSUER']}/revocations"),
    os.environ["GUARD_KEY"],
    stale_after=float(os.environ["STALE_AFTER"]),
    when_stale=os.environ["WHEN_STALE"],
)


def verified(token):
    # Imported at the first token, because it starts a follower of its own.
    from verify import verify

    return verify(token)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/known":
            return self.answer(200, str(len(follower._ended)))
        if self.path.startswith("/sessions/"):
            try:
                return self.answer(200, "ended" if follower.has_ended(self.path.split("/")[2]) else "live")
            except Unavailable:
                return self.answer(200, "unavailable")
        try:
            verified(self.headers.get("Authorization", "").removeprefix("Bearer "))
            self.answer(200, "")
        except jwt.InvalidTokenError:
            self.answer(401, "")
        except Unavailable:
            self.answer(503, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
server.serve_forever()
