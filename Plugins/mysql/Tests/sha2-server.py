# A server that lets in who knows the password, by caching_sha2_password, and answers every statement
# with OK. MariaDB has no such plugin, MySQL's servers use it by default.
#
#     sha2-server.py PASSWORD fast|full KEY        prints its port; KEY is a private RSA key in PEM
#
# fast: the server remembers the password's digest. full: it does not, and asks for the password,
# encrypted with its public key.
import hashlib
import os
import socket
import struct
import subprocess
import sys

password, mode, key = sys.argv[1].encode(), sys.argv[2], sys.argv[3]
nonce = bytes(b % 127 + 1 for b in os.urandom(20))


def sha(data):
    return hashlib.sha256(data).digest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def scramble():
    return xor(sha(password), sha(sha(sha(password)) + nonce))


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.sequence = 0

    def read(self):
        head = self.stream.read(4)
        if len(head) < 4:
            raise EOFError
        self.sequence = head[3] + 1
        return self.stream.read(int.from_bytes(head[:3], "little"))

    def write(self, payload):
        self.stream.write(len(payload).to_bytes(3, "little") + bytes([self.sequence]) + payload)
        self.stream.flush()
        self.sequence += 1

    def ok(self):
        self.write(b"\x00\x00\x00\x02\x00\x00\x00")

    def denied(self):
        self.write(b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied")

    def greet(self):
        # protocol 4.1, secure connection, plugin authentication, transactions, a database
        flags = 0x1 | 0x2 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000
        self.write(
            b"\x0a8.0.36\x00" + struct.pack("<I", 7) + nonce[:8] + b"\x00"
            + struct.pack("<H", flags & 0xFFFF) + b"\x2d\x02\x00" + struct.pack("<H", flags >> 16)
            + b"\x15" + bytes(10) + nonce[8:] + b"\x00caching_sha2_password\x00"
        )

    def response(self):
        packet = self.read()
        rest = packet[32:]
        user, rest = rest.split(b"\x00", 1)
        return rest[1 : 1 + rest[0]]

    def full(self):
        """The password, as its client sends it without TLS."""
        self.write(b"\x01\x04")
        if self.read() != b"\x02":
            return None
        public = subprocess.run(
            ["openssl", "rsa", "-in", key, "-pubout"], capture_output=True, check=True
        ).stdout
        self.write(b"\x01" + public)
        sent = self.read()
        plain = subprocess.run(
            ["openssl", "pkeyutl", "-decrypt", "-inkey", key, "-pkeyopt", "rsa_padding_mode:oaep"],
            input=sent, capture_output=True, check=True,
        ).stdout
        return xor(plain, (nonce * 20)[: len(plain)])

    def serve(self):
        self.greet()
        right = self.response() == scramble()
        if mode == "full":
            right = self.full() == password + b"\x00"
        elif right:
            self.write(b"\x01\x03")
        if not right:
            return self.denied()
        self.ok()
        while True:
            self.sequence = 0
            if self.read()[:1] == b"\x01":
                return
            self.ok()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    peer, _ = listener.accept()
    try:
        Connection(peer.makefile("rwb")).serve()
    except (EOFError, ConnectionError):
        pass
    peer.close()
