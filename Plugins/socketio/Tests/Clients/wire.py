"""HTTP requests and WebSockets, by hand, so that every mistake can be made."""
import base64
import json
import os
import re
import socket
import struct
import threading
import time

HOST = "127.0.0.1"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)


def read_answer(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.read(1)
        if not byte:
            raise ConnectionError("the connection ended in the head: %r" % head)
        head += byte
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        if line:
            name, value = line.split(":", 1)
            headers.setdefault(name.lower(), value.strip())
    status = int(lines[0].split()[1])
    if status == 101:
        return Answer(status, headers, b"")
    if "content-length" in headers:
        body = stream.read(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        body = b""
        while True:
            size = int(stream.readline(), 16)
            body += stream.read(size)
            stream.readline()
            if size == 0:
                break
    else:
        body = stream.read()
    return Answer(status, headers, body)


# Seconds in which what must come has to come: the machine may be busy with other tests.
PATIENCE = 90


def ask(port, method, path, body=None, headers=(), timeout=PATIENCE):
    """Sends a request; gives its connection."""
    connection = socket.create_connection((HOST, port), timeout=timeout)
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: test", "Connection: close"]
    lines += ["%s: %s" % item for item in headers]
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        lines.append("Content-Length: %d" % len(body))
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b""))
    return connection


def request(port, method, path, body=None, **more):
    with ask(port, method, path, body, **more) as connection:
        return read_answer(connection.makefile("rb"))


def until(condition, what="it"):
    """Waits until the condition is true."""
    end = time.time() + PATIENCE
    while not condition():
        assert time.time() < end, "waited for " + what
        time.sleep(0.02)


class Later:
    """A request that has been sent when this returns; a thread of its own waits for the answer."""

    def __init__(self, *args, **kwargs):
        self.answer = self.failure = None
        connection = ask(*args, **kwargs)
        self.thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
        self.thread.start()

    def _run(self, connection):
        try:
            with connection:
                self.answer = read_answer(connection.makefile("rb"))
        except Exception as failure:
            self.failure = failure

    @property
    def is_done(self):
        return not self.thread.is_alive()

    def get(self, timeout=PATIENCE):
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "no answer in %s seconds" % timeout
        if self.failure:
            raise self.failure
        return self.answer


class Closed(Exception):
    def __init__(self, code):
        super().__init__("closed with %s" % code)
        self.code = code


def frame(opcode, payload, final=True, mask=b"\x01\x02\x03\x04", rsv=0):
    head = bytes([(0x80 if final else 0) | rsv << 4 | opcode])
    flag = 0x80 if mask is not None else 0
    if len(payload) < 126:
        head += bytes([flag | len(payload)])
    elif len(payload) < 1 << 16:
        head += bytes([flag | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([flag | 127]) + struct.pack(">Q", len(payload))
    if mask is None:
        return head + payload
    if not any(mask):
        return head + mask + payload
    return head + mask + bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))


class WebSocket:
    def __init__(self, port, path, first=b"", headers=(), timeout=PATIENCE):
        self.socket = socket.create_connection((HOST, port), timeout=timeout)
        lines = ["GET %s HTTP/1.1" % path, "Host: test"]
        named = {name.lower() for name, _ in headers}
        for name, value in [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()),
            ("Sec-WebSocket-Version", "13"),
        ]:
            if name.lower() not in named:
                lines.append("%s: %s" % (name, value))
        lines += ["%s: %s" % item for item in headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + first)
        self.stream = self.socket.makefile("rb")
        self.answer = read_answer(self.stream)

    @property
    def status(self):
        return self.answer.status

    def send(self, data):
        if isinstance(data, str):
            self.raw(frame(1, data.encode()))
        else:
            self.raw(frame(2, data))

    def raw(self, data):
        self.socket.sendall(data)

    def read_frame(self):
        head = self.stream.read(2)
        if len(head) < 2:
            raise Closed("end")
        assert head[1] & 0x80 == 0, "a server's frame is masked"
        length = head[1] & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.stream.read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.stream.read(8))[0]
        return head[0], self.stream.read(length)

    def read(self, timeout=PATIENCE):
        """The next message; text as str. A close frame is an error with its code."""
        self.socket.settimeout(timeout)
        while True:
            first, payload = self.read_frame()
            opcode = first & 15
            if opcode == 8:
                raise Closed(struct.unpack(">H", payload[:2])[0] if payload else 1005)
            if opcode == 9:
                self.raw(frame(10, payload))
                continue
            return payload.decode() if opcode == 1 else payload

    def code(self, timeout=PATIENCE):
        """Reads to the end and gives the code of the close frame."""
        end = time.time() + timeout
        while time.time() < end:
            try:
                self.read(max(0.05, end - time.time()))
            except Closed as closed:
                return closed.code
            except (ConnectionError, OSError) as failure:
                if isinstance(failure, TimeoutError):
                    break
                return "end"
        raise AssertionError("the connection is still open")

    def silent(self, seconds=0.25):
        """Nothing comes."""
        try:
            got = self.read(seconds)
        except (TimeoutError, socket.timeout):
            self.stream = self.socket.makefile("rb")
            return True
        raise AssertionError("came: %r" % (got,))

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def in_time(check):
    """For a check in which we have to be quick ourselves: when the machine is too busy, again."""

    def again():
        for attempt in range(20):
            try:
                return check()
            except Exception:
                if attempt == 19:
                    raise
                time.sleep(0.5)

    return again


def checks(namespace):
    """Runs every function `check_…` and says which ones failed."""
    import sys
    import traceback

    chosen = sys.argv[2:]
    failed = []
    names = [name for name in namespace if name.startswith("check_")]
    for name in names:
        if chosen and not any(re.search(word, name) for word in chosen):
            continue
        try:
            namespace[name]()
        except Exception:
            failed.append(name)
            print("FAILED %s\n%s" % (name[6:].replace("_", " "), traceback.format_exc()))
    print("%d checks, %d failed" % (len(names), len(failed)))
    sys.exit(1 if failed else 0)
