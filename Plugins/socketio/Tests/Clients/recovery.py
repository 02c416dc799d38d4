"""Clients whose connection is lost and that come back, and the library for browsers.
Usage: recovery.py PORT"""
import json
import sys

from wire import *

PORT = int(sys.argv[1])


class Peer:
    def __init__(self, lost=None, nsp="", **auth):
        self.socket = WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket")
        self.socket.read()
        self.missed = []
        self.nsp, self.offset = nsp, None
        if lost:
            auth.update(pid=lost.pid, offset=lost.offset)
        self.socket.send("40" + nsp + json.dumps(auth))
        while True:
            text = self.socket.read()
            if text.startswith("40"):
                break
            self.missed.append(self.take(text))
        connected = json.loads(text[2 + len(nsp):])
        self.id, self.pid = connected["sid"], connected["pid"]
        assert self.event()[0] == "auth"

    def take(self, text):
        assert text.startswith("42" + self.nsp), text
        args = json.loads(text[2 + len(self.nsp):])
        self.offset = args.pop()
        return args

    def event(self):
        return self.take(self.socket.read())

    def emit(self, *args):
        self.socket.send("42" + self.nsp + json.dumps(list(args)))

    def ask(self, *args):
        self.socket.send("42" + self.nsp + "1" + json.dumps(list(args)))
        return json.loads(self.socket.read()[3 + len(self.nsp):])


def leave(lost):
    """Ends the connection, and waits until the server knows."""
    lost.socket.close()
    with WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket") as other:
        other.read()
        other.send("40")
        other.read(), other.read()

        def is_gone():
            other.send('421["reason-of","%s"]' % lost.id)
            return other.read() != "431[null]"

        until(is_gone, "the end of " + lost.id)


def check_a_client_gets_what_it_missed():
    lost, other = Peer(), Peer()
    assert lost.pid != lost.id
    lost.ask("join", "room")
    other.emit("all", "x", 1)
    assert lost.event() == ["x", 1] and other.event() == ["x", 1]
    leave(lost)
    other.emit("all", "x", 2)
    other.emit("to-room", "room", "x", 3)
    other.emit("to-room", "elsewhere", "x", 4)
    other.emit("to-room", lost.id, "x", 5)
    other.emit("to-room-except", "room", lost.id, "x", 6)
    assert other.event() == ["x", 2]
    other.ask("rooms")
    back = Peer(lost)
    assert (back.id, back.pid) == (lost.id, lost.pid)
    assert [args[1] for args in back.missed] == [2, 3, 5], back.missed
    assert back.ask("rooms") == [["room"]]
    back.emit("message", "on")
    assert back.event() == ["message-back", "on"]
    # Nobody comes back twice from one loss.
    second = Peer(lost)
    assert second.id != lost.id and second.missed == []
    for peer in (back, second, other):
        peer.socket.close()


def check_who_is_not_known_begins_anew():
    lost = Peer()
    leave(lost)
    pid, offset = lost.pid, lost.offset
    for wrong in ("nonsense", "x.1", offset.split(".")[0] + ".999999", ""):
        lost.offset = wrong
        assert Peer(lost).id != lost.id, wrong
    lost.offset, lost.pid = offset, "x" * 20
    assert Peer(lost).id != lost.id
    lost.pid = pid
    assert Peer(lost).id == lost.id


def check_who_left_by_intention_does_not_come_back():
    lost = Peer()
    lost.socket.send("41")
    leave(lost)
    assert Peer(lost).id != lost.id


def check_middlewares_are_not_asked_again():
    lost = Peer(nsp="/auth,", token="secret")
    lost.emit("message", 1)
    assert lost.event() == ["message-back", 1]
    leave(lost)
    back = Peer(lost, nsp="/auth,")  # without the token
    assert back.id == lost.id
    back.socket.close()


def check_acknowledgements_and_old_clients_are_without_offsets():
    peer = Peer()
    assert peer.ask("message-with-ack", 1) == [1]
    peer.socket.close()


def check_the_library_for_browsers():
    for name in ("socket.io.js", "socket.io.min.js"):
        answer = request(PORT, "GET", "/socket.io/" + name)
        assert answer.status == 200 and answer.text == 'var io = "the client";\n'
        assert answer.headers["content-type"] == "application/javascript; charset=utf-8"
    etag = answer.headers["etag"]
    answer = request(PORT, "GET", "/socket.io/socket.io.js", headers=[("If-None-Match", etag)])
    assert answer.status == 304 and answer.body == b""
    assert request(PORT, "POST", "/socket.io/socket.io.js", "x").status == 405
    assert request(PORT, "GET", "/socket.io/other.js").status == 400


if __name__ == "__main__":
    checks(globals())
