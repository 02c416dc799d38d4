"""The conformance application in application mode, asked by a released client library.
Usage: clients.py PORT PATTERN… with PYTHONPATH naming python-socketio 5.x or 4.x."""
import os
import sys
import time
from importlib.metadata import version

from wire import PATIENCE, checks, until

import socketio

# These count more than ssl_verify does.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
PORT = sys.argv[1]
IS_OLD = version("python-socketio").startswith("4.")
URL = os.environ.get("SCHEME", "http") + "://127.0.0.1:" + PORT
# Over a WebSocket this library reads and writes one TLS connection on two threads, which Python's ssl
# bears since 3.13 alone; wss.py asks by one that does not.
IS_SECURE = URL.startswith("https:")
TRANSPORTS = [["polling"]] if IS_SECURE else [["websocket"], ["polling"], ["polling", "websocket"]]


class Peer:
    def __init__(self, transports=TRANSPORTS[0], namespaces=None, query="", **more):
        self.got = []
        self.client = socketio.Client(reconnection=False, ssl_verify=False)
        self.failures = []
        for name in ["/"] + list(namespaces or []):
            for event in ["auth", "message-back", "x", "y", "b", "nsp-name", "question", "error-back",
                          "must-not-happen", "error", "connect_error", "disconnect"]:
                self.client.on(event, self._keep(event, name), namespace=name)
        self.client.connect(URL + query, transports=transports, namespaces=namespaces, **more)
        for name in namespaces or ["/"]:
            until(lambda: any(item[:2] == ("auth", name) for item in self.got), "auth of " + name)

    def _keep(self, event, name):
        def keep(*args):
            self.got.append((event, name) + args)
            if event == "question":
                return args[0]
            if event == "y":
                time.sleep(20)  # on a thread of its own; too late for everybody

        return keep

    def call(self, *args, namespace=None):
        values = args[1] if len(args) == 2 else tuple(args[1:])
        return self.client.call(args[0], values if len(args) > 1 else None, namespace=namespace, timeout=PATIENCE)

    def emit(self, *args, namespace=None):
        values = args[1] if len(args) == 2 else tuple(args[1:])
        self.client.emit(args[0], values, namespace=namespace)

    def wait(self, event, seconds=PATIENCE):
        end = time.time() + seconds
        while time.time() < end:
            for item in self.got:
                if item[0] == event:
                    self.got.remove(item)
                    return item[2:]
            time.sleep(0.005)
        raise AssertionError("no %s; came %r" % (event, self.got))

    def none(self, event, seconds=0.2):
        time.sleep(seconds)
        assert not [item for item in self.got if item[0] == event], self.got

    @property
    def id(self):
        return self.client.get_sid() if not IS_OLD else self.client.sid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()


def check_messages_and_acknowledgements():
    for transports in TRANSPORTS:
        with Peer(transports) as peer:
            peer.wait("auth")
            peer.emit("message", 1, "zwei", {"drei": [None, True, 1.5]}, b"\x00\xff")
            assert peer.wait("message-back") == (1, "zwei", {"drei": [None, True, 1.5]}, b"\x00\xff")
            assert tuple(peer.call("message-with-ack", 1, "x", b"\x01")) == (1, "x", b"\x01")
            wanted = "websocket" if "websocket" in transports else "polling"
            until(lambda: peer.call("transport") == wanted, wanted)
            data = peer.call("make-binary", 70000)
            assert len(data) == 70000 and data[:300] == bytes(i & 255 for i in range(300))
            assert peer.call("big", 300000) == "x" * 300000
            peer.emit("burst", 500)
            assert [peer.wait("b")[0] for _ in range(500)] == list(range(500))


def check_handshake():
    with Peer(query="/?room=demo&userId=7") as peer:
        facts = peer.call("handshake")
        assert facts["query"]["room"] == "demo" and facts["query"]["userId"] == "7"
        assert facts["url"] == "/socket.io/" and facts["hasTime"] is True and facts["secure"] is URL.startswith("https:")
    if not IS_OLD:
        with Peer(auth={"token": "123"}) as peer:
            assert peer.wait("auth") == ({"token": "123"},)


def check_rooms():
    with Peer() as one, Peer(["polling"]) as two, Peer() as three:
        assert one.call("rooms") in ([], None), one.call("rooms")
        for peer, room in [(one, "r"), (two, "r"), (three, "other")]:
            assert peer.call("join", room) == "ok"
        assert one.call("rooms") == ["r"]
        one.emit("to-room", "r", "x", {"n": 1})
        assert one.wait("x") == ({"n": 1},) and two.wait("x") == ({"n": 1},)
        one.emit("to-room-others", "r", "y", 2)
        assert two.wait("y") == (2,)
        one.none("y"), three.none("x")
        one.emit("to-room-except", "r", two.id, "x", 3)
        assert one.wait("x") == (3,)
        two.none("x")
        one.emit("broadcast", "x", 4)
        assert two.wait("x") == (4,) and three.wait("x") == (4,)
        one.none("x")
        one.emit("all", "x", b"\x05")
        assert [peer.wait("x") for peer in (one, two, three)] == [(b"\x05",)] * 3
        assert two.call("leave", "r") == "ok"
        one.emit("to-room", "r", "x", 6)
        one.wait("x"), two.none("x")
        one.emit("to-room", two.id, "x", "private")
        assert two.wait("x") == ("private",)
        one.none("x")
        assert one.call("clients", ["r"]) == [one.id]
        assert one.call("sockets-join", "other", "more") == "ok"
        assert three.call("rooms") == ["more", "other"]
        assert one.call("sockets-leave", "other", "more") == "ok"
        assert three.call("rooms") == ["other"]
        assert three.call("set-data", {"name": "three"}) == "ok"
        assert one.call("fetch", "other") == [{"id": three.id, "rooms": ["other"], "data": {"name": "three"}}]
        assert {found["id"] for found in one.call("fetch", "")} >= {one.id, two.id, three.id}


def check_asking_clients():
    with Peer() as one, Peer() as two:
        one.call("join", "ask"), two.call("join", "ask")
        assert one.call("ask-me", 60000, "question", 7) == {"err": None, "value": 7}
        assert one.call("ask-me", 100, "y", 7) == {"err": "operation has timed out", "value": None}
        assert one.call("ask-room", "ask", 60000, "question", 5) == {"err": None, "responses": [5, 5]}
        assert one.call("ask-room", "nobody", 60000, "question", 5) == {"err": None, "responses": []}
        assert one.call("ask-room", "ask", 100, "y", 5) == {
            "err": "operation has timed out", "responses": []}


def check_ends():
    with Peer() as judge:
        for how, reason in [
            (lambda peer: peer.emit("kick", False), "server namespace disconnect"),
            (lambda peer: peer.emit("kick", True), "server namespace disconnect"),
            (lambda peer: judge.call("remote-disconnect", peer.id, True), "server namespace disconnect"),
            (lambda peer: (peer.call("join", "k"), judge.emit("kick-room", "k", True)), "server namespace disconnect"),
            (lambda peer: peer.client.eio.disconnect(True), "transport close"),
        ]:
            for transports in [["polling"]] if IS_SECURE else [["websocket"], ["polling"]]:
                if reason == "transport close" and transports == ["polling"]:
                    continue
                peer = Peer(transports)
                id = peer.id
                how(peer)
                until(lambda: judge.call("reason-of", id) is not None, "the end")
                assert judge.call("reason-of", id) == reason, (reason, judge.call("reason-of", id))
                peer.client.disconnect()
        peer = Peer()
        id = peer.id
        peer.client.disconnect()
        until(lambda: judge.call("reason-of", id) is not None, "the end")
        assert judge.call("reason-of", id) in ("client namespace disconnect", "transport close")


def check_namespaces():
    with Peer(namespaces=["/custom"]) as peer:
        peer.emit("message", "c", namespace="/custom")
        assert peer.wait("message-back") == ("c",)
    with Peer(namespaces=["/dyn-7"]) as peer:
        assert peer.wait("nsp-name") == ("/dyn-7",)


def check_namespace_with_middleware():
    if IS_OLD:
        with Peer(query="/?token=secret", namespaces=["/auth"]) as peer:
            peer.emit("message", 1, namespace="/auth")
            assert peer.wait("message-back") == (1,)
        return
    with Peer(namespaces=["/auth"], auth={"token": "secret"}) as peer:
        peer.emit("message", 1, namespace="/auth")
        assert peer.wait("message-back") == (1,)
    client = socketio.Client(reconnection=False, ssl_verify=False)
    refusals = []
    client.on("connect_error", refusals.append, namespace="/auth")
    try:
        client.connect(URL, transports=TRANSPORTS[0], namespaces=["/auth"], auth={"token": "no"})
        raise AssertionError("let in")
    except socketio.exceptions.ConnectionError:
        pass
    assert refusals == [{"message": "not authorized", "data": {"code": 401}}], refusals


def check_packet_middleware():
    with Peer(namespaces=["/mw"]) as peer:
        peer.emit("message", 1, namespace="/mw")
        assert peer.wait("message-back") == (1,)
        peer.emit("forbidden", 1, namespace="/mw")
        assert peer.wait("error-back") == ("forbidden event",)
        peer.none("must-not-happen")
        if IS_OLD:
            return  # this client leaves a namespace at the first error
        peer.emit("message", 2, namespace="/mw")
        assert peer.wait("message-back") == (2,)


checks(globals())
