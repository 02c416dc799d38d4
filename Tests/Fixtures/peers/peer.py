"""The server that tests of the HTTP client ask: it answers with what it was sent.

    peer.py [CERTIFICATE KEY]      prints its port
"""
import gzip
import hashlib
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

counts = {}


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def parse_request(self):
        # A body that stays on the connection would be taken for the next request.
        if not super().parse_request():
            return False
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return True

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def echo(self):
        body = self.content.decode("latin-1")
        facts = {
            "method": self.command, "path": self.path, "body": body,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "port": self.client_address[1],
        }
        self.answer(200, json.dumps(facts).encode(), [
            ("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/gzip":
            self.answer(200, gzip.compress(b"x" * 5000), [("Content-Encoding", "gzip")])
        elif path == "/status":
            self.answer(int(self.path.split("?")[1]), b"said")
        elif path == "/flaky":
            key = self.path.split("?")[1]
            counts[key] = counts.get(key, 0) + 1
            self.answer(503 if counts[key] < 3 else 200, str(counts[key]).encode())
        elif path == "/to":
            self.answer(302, b"", [("Location", self.path.split("?")[1])])
        elif path == "/loop":
            self.answer(302, b"", [("Location", "/loop")])
        elif path == "/slow":
            time.sleep(20)  # a limit of a test is far below, on a busy machine too
            self.answer(200, b"late")
        elif path == "/large":
            self.answer(200, b"y" * int(self.path.split("?")[1]))
        elif path == "/broken":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.close_connection = True
        elif path == "/basic":
            self.echo()
        elif path == "/digest":
            self.digest()
        else:
            self.echo()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET

    def digest(self):
        field = self.headers.get("Authorization") or ""
        if not field.startswith("Digest "):
            self.answer(401, b"", [
                ("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5')])
            return
        parts = dict(p.strip().split("=", 1) for p in field[7:].split(","))
        parts = {k: v.strip('"') for k, v in parts.items()}
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        right = md5(":".join([
            md5("ada:r:secret"), parts["nonce"], parts["nc"],
            parts["cnonce"], parts["qop"], md5(f"{self.command}:{parts['uri']}")]))
        self.answer(200 if parts["response"] == right else 403, b"in")


server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
