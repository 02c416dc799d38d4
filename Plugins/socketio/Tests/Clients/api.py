"""The application `probe` in its environment `api`: what the library's server offers beside events
and rooms. Usage: api.py PORT"""
import gzip
import json
import sys
import zlib

from wire import *

PORT = int(sys.argv[1])
BASE = "/socket.io/?EIO=4&transport=polling"


class Peer:
    """A client of "/api" by WebSocket."""

    def __init__(self, query="", nsp="/api", version=4):
        self.nsp = nsp
        self.socket = WebSocket(PORT, "/socket.io/?EIO=%d&transport=websocket%s" % (version, query))
        self.sid = json.loads(self.socket.read()[1:])["sid"]
        if version == 3:
            self.id = nsp + "#" + self.sid
            return
        self.socket.send("40" + nsp)
        self.id = json.loads(self.socket.read().split(",", 1)[1])["sid"]

    def emit(self, *args, ack=""):
        self.socket.send("42%s,%s%s" % (self.nsp, ack, json.dumps(args)))

    def read(self):
        text = self.socket.read()
        assert text[2:].startswith(self.nsp + ","), text
        return text[:2], text[3 + len(self.nsp):]

    def event(self):
        kind, rest = self.read()
        assert kind == "42", (kind, rest)
        return json.loads(rest)

    def answer(self):
        """Answers a question with what it asks."""
        kind, rest = self.read()
        number = rest[:rest.index("[")]
        name, value = json.loads(rest[len(number):])
        assert kind == "42" and name == "question", rest
        self.socket.send("43%s,%s%s" % (self.nsp, number, json.dumps([value])))

    def result(self):
        kind, rest = self.read()
        assert kind == "43" and rest[0] == "7", (kind, rest)
        return json.loads(rest[1:])[0]

    def ask(self, *args):
        self.emit(*args, ack=7)
        return self.result()

    def close(self):
        self.socket.close()


def handshake(more=""):
    answer = request(PORT, "GET", BASE + more)
    return answer, json.loads(answer.text[1:]) if answer.status == 200 else answer.json


def check_ids_of_the_application():
    ada = Peer("&id=ada")
    assert ada.id == "ada" and ada.sid != "ada" and len(ada.sid) == 20
    # One client at a time has it, whatever it speaks and however it comes.
    for version in (3, 4):
        for query in ("&id=ada", "&id=none", "&id=a%20b", "&id=" + "x" * 129, '&id=%22'):
            answer = request(PORT, "GET", "/socket.io/?EIO=%d&transport=polling%s" % (version, query))
            assert answer.status == 400 and answer.json == {"code": 3, "message": "Bad request"}, query
            socket = WebSocket(PORT, "/socket.io/?EIO=%d&transport=websocket%s" % (version, query))
            assert socket.status == 400 and socket.answer.text == "Bad request"
    ada.close()

    def again():
        return request(PORT, "GET", "/socket.io/?EIO=3&transport=polling&room=demo&id=ada")

    answers = []
    until(lambda: answers.append(again()) or answers[-1].status == 200, "the end of ada")
    # An old client's session is known by it too.
    assert json.loads(answers[-1].text.split(":", 1)[1][1:])["sid"] == "ada"
    assert request(PORT, "POST", "/socket.io/?EIO=3&transport=polling&sid=ada", "1:1").text == "ok"
    # Who has begun and not come leaves nothing behind.
    with ask(PORT, "GET", "/socket.io/?EIO=4&transport=websocket&id=eve", headers=[
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "12")]) as refused:
        refused.recv(1000)
    eve = Peer("&id=eve")
    assert eve.id == "eve"
    eve.close()


def check_who_is_allowed():
    for token, message in (("bad", "Forbidden"), ("late", "too late")):
        answer, body = handshake("&token=" + token)
        assert answer.status == 403 and body == {"code": 4, "message": message}
        socket = WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket&token=" + token)
        assert socket.status == 400 and socket.answer.text == message
    peer = Peer("&token=good")
    assert [4, "too late", "127.0.0.1"] in peer.ask("errors")
    request(PORT, "GET", "/socket.io/?EIO=4&transport=pigeon")
    assert [0, "Transport unknown", "127.0.0.1"] in peer.ask("errors")
    peer.close()


def check_fields_of_answers():
    first, body = handshake()
    assert first.headers["x-first"] == "polling" and first.headers["x-each"] == "GET"
    url = BASE + "&sid=" + body["sid"]
    answer = request(PORT, "POST", url, "1")
    assert answer.headers["x-each"] == "POST" and "x-first" not in answer.headers
    socket = WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket")
    assert socket.answer.headers["x-first"] == "websocket" and socket.answer.headers["x-each"] == "GET"
    socket.close()


def check_the_number_of_clients():
    peer = Peer()
    before = peer.ask("count")
    others = [Peer() for _ in range(3)]
    assert peer.ask("count") == before + 3
    for other in others:
        other.close()
    until(lambda: peer.ask("count") == before, "the end of three")
    peer.close()


def check_handlers_of_every_event():
    peer = Peer()
    peer.emit("a", 1, 2)
    assert peer.ask("seen") == ["first a", "a 2", "first seen", "seen 0"]
    peer.emit("less")
    peer.emit("once", 1)
    peer.emit("once", 2)
    seen = peer.ask("seen")
    assert seen == ["first less", "less 0", "once 1", "once 1", "once 1", "seen 0"], seen
    other = Peer()
    other.emit("tell", "x")
    assert peer.event() == ["told", "x"]
    assert peer.ask("seen") == ["first out told", "out told x", "seen 0"]
    peer.emit("none")
    peer.ask("seen")
    peer.emit("a")
    other.emit("tell-but", other.id, "y")
    assert peer.event() == ["told", "y"]
    assert peer.ask("seen") == []
    peer.emit("forbidden")
    assert peer.ask("seen") == ["error not that"]
    peer.close(), other.close()


def check_others_one_by_one():
    one, two, three = peers = [Peer() for _ in range(3)]
    for peer in (one, two):
        peer.emit("join", "r")
        peer.ask("seen")
    three.emit("ask-each", "r", ack=7)
    # In an order that nobody knows: each is asked when the one before has answered.
    three.socket.socket.settimeout(PATIENCE)
    import threading
    threads = [threading.Thread(target=peer.answer) for peer in (one, two)]
    for thread in threads:
        thread.start()
    assert sorted(three.result()) == sorted([one.id, two.id])
    for thread in threads:
        thread.join()
    three.emit("ask-all", "r", ack=7)
    one.answer(), two.answer()
    assert three.result() == 2
    assert three.ask("ask-late", "r") == "operation has timed out"
    for peer in peers:
        peer.close()


def check_orders():
    one, two = Peer(), Peer()
    one.emit("join", "r2")
    one.ask("seen")
    two.emit("order", "r2")
    assert one.event() == ["moved", one.id]
    assert two.ask("ask-all", "r2") == 0
    two.emit("end", "moved")
    assert one.socket.read() == "41/api,"
    one.close(), two.close()


def check_the_connection_below():
    answer, body = handshake("&id=up")
    url = BASE + "&sid=" + body["sid"]
    request(PORT, "POST", url, "40/api,")
    assert '"sid":"up"' in request(PORT, "GET", url).text
    request(PORT, "POST", url, "42/api,7[\"conn\"]")
    expected = {"transport": "polling", "protocol": 4, "isSecret": True}
    assert json.loads(request(PORT, "GET", url).text.split(",7", 1)[1]) == [expected]
    socket = WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket&sid=" + body["sid"])
    socket.send("2probe")
    assert socket.read() == "3probe"
    socket.send("5")
    assert socket.read() == '42/api,["upgraded","websocket"]'
    socket.send("42/api,[\"drop\"]")
    assert socket.read() == "41/api,"
    assert socket.code() == 1005


def check_answers_to_polling_are_compressed():
    _, body = handshake()
    url = BASE + "&sid=" + body["sid"]
    request(PORT, "POST", url, "40/api,")
    request(PORT, "GET", url)
    expected = '42/api,["long","%s"]' % ("x" * 5000)
    for accepted, coding, undo in (
        ("gzip, deflate", "gzip", gzip.decompress), ("deflate", "deflate", zlib.decompress),
        ("br, gzip;q=0, deflate;q=0.5", "deflate", zlib.decompress), ("br", None, bytes), ("gzip;q=0.0", None, bytes),
    ):
        request(PORT, "POST", url, '42/api,["long"]')
        answer = request(PORT, "GET", url, headers=[("Accept-Encoding", accepted)])
        assert answer.headers.get("content-encoding") == coding, accepted
        assert undo(answer.body).decode() == expected
        assert int(answer.headers["content-length"]) == len(answer.body)
    request(PORT, "POST", url, '42/api,["long",true]')
    answer = request(PORT, "GET", url, headers=[("Accept-Encoding", "gzip")])
    assert "content-encoding" not in answer.headers and answer.text == expected
    # Short ones stay as they are.
    request(PORT, "POST", url, '42/api,7["conn"]')
    answer = request(PORT, "GET", url, headers=[("Accept-Encoding", "gzip")])
    assert "content-encoding" not in answer.headers


def check_namespaces_on_demand():
    for number in (0, 1, 2, 0, 1, 2):
        peer = Peer(nsp="/room-%d" % number)
        welcome = ["welcome", "/room-%d" % number]
        expected = [["own", 1], welcome] if number == 1 else [welcome]
        assert sorted(peer.event() for _ in expected) == expected
        peer.socket.send("41/room-%d," % number)
        peer.close()


checks(globals())
