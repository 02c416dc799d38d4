"""Egg's conventions: the application `probe`. Usage: conventions.py PORT"""
import json
import sys
import time

from wire import *

PORT = int(sys.argv[1])


class Peer:
    """A client of Engine.IO 4, or of 3 with `old`."""

    def __init__(self, nsp="/", query="", old=False, headers=()):
        if old and nsp != "/":
            query += "&room=demo"  # which "/" asks for
        self.nsp, self.old = nsp, old
        self.socket = WebSocket(PORT, "/socket.io/?EIO=%d&transport=websocket%s" % (3 if old else 4, query), headers=headers)
        self.engine = json.loads(self.socket.read()[1:])["sid"]
        self.prefix = "" if nsp == "/" else nsp + ","
        self.id = None
        if not old or nsp != "/":
            self.socket.send("40" + self.prefix)

    def packet(self):
        while True:
            text = self.socket.read()
            if self.old and self.nsp != "/" and self.nsp + "," not in text:
                continue
            return text

    def connected(self):
        text = self.packet()
        assert text.startswith("40" + self.prefix), text
        if self.old:
            self.id = self.engine if self.nsp == "/" else self.nsp + "#" + self.engine
        else:
            self.id = json.loads(text[2 + len(self.prefix):])["sid"]
        return self

    def emit(self, *args, ack=""):
        self.socket.send("42" + self.prefix + str(ack) + json.dumps(list(args)))

    def event(self):
        text = self.packet()
        assert text.startswith("42" + self.prefix), text
        return json.loads(text[2 + len(self.prefix):])

    def close(self):
        self.socket.close()


def online(peer, action):
    name, message = peer.event()
    assert name == "online" and message["action"] == action and message["target"] == "participator"
    return sorted(message["clients"]), message["message"]


def check_chat():
    for old in (False, True):
        # One of its own, as those of before may still be leaving theirs.
        room = "&room=demo-%s" % ("old" if old else "new")
        one = Peer(query=room + "&userId=1", old=old)
        # The room hears of the newcomer before the newcomer is told that it is in.
        clients, message = online(one, "join")
        one.connected()
        assert clients == [one.id] and message == "User(%s) joined." % one.id
        two = Peer(query=room + "&userId=2")
        clients, _ = online(two, "join")
        two.connected()
        assert online(one, "join")[0] == clients == sorted([one.id, two.id])
        one.emit("exchange", {"target": two.id, "payload": {"msg": "test"}})
        for peer in (one, two):
            name, message = peer.event()
            assert name == two.id
            assert message["data"] == {"action": "exchange", "payload": {"msg": "test"}}
            assert message["meta"]["client"] == one.id and message["meta"]["target"] == two.id
            assert isinstance(message["meta"]["timestamp"], int)
        one.emit("exchange", {"payload": 1})
        two.close()
        assert online(one, "leave") == ([one.id], "User(%s) leaved." % two.id)
        one.close()


def check_chat_without_the_room():
    for old in (False, True):
        peer = Peer(query="&room=gone", old=old)
        name, message = peer.event()
        assert message["data"] == {
            "action": "deny",
            "payload": {"type": "deleted", "message": "deleted, room has been deleted."},
        }
        peer.connected()
        assert name == peer.id
        assert peer.packet() == "41"
        assert peer.socket.code() in (1005, "end")


def check_connection_middleware():
    witness = Peer("/seed", "&mark=witness")
    assert witness.event() == ["res", "connected!"]
    witness.connected()
    peer = Peer("/seed", "&mark=me")
    assert peer.event() == ["res", "connected!"]
    peer.connected()
    peer.close()
    assert sorted([witness.event(), witness.event()]) == [["gone", "me"], ["reason", "transport close"]]
    witness.close()


def seed(old=False):
    peer = Peer("/seed", old=old)
    assert peer.event() == ["res", "connected!"]
    return peer.connected()


def check_packet_middleware_and_controllers():
    peer = seed()
    peer.emit("ping", "egg")
    assert peer.event() == ["res", "packet received!"]
    assert peer.event() == ["res", "Hi! I've got your message: egg"]
    assert peer.event() == ["after", "ping"]
    peer.emit("drop", ack=1)
    peer.emit("change", "egg")
    assert peer.event() == ["res", "Hi! I've got your message: changed"]
    assert peer.event() == ["after", "ping"]
    peer.emit("unknown")
    assert peer.event() == ["res", "packet received!"]
    assert peer.event() == ["after", "unknown"]
    peer.emit("ask", 1, 2, ack=7)
    assert peer.event() == ["res", "packet received!"]
    assert peer.packet() == '43/seed,7["answer",2]'
    assert peer.event() == ["after", "ask"]
    peer.close()


def check_middlewares_that_the_router_names():
    peer = Peer("/typed")
    assert peer.event() == ["res", "connected!"]
    peer.connected()
    peer.emit("ping", "egg")
    assert peer.event() == ["res", "packet received!"]
    assert peer.event() == ["res", "Hi! I've got your message: egg"]
    assert peer.event() == ["after", "ping"]
    peer.close()


def check_what_an_action_returns_is_the_answer():
    peer = seed()
    for event, answer in (("answer", "[2,7]"), ("both", '"first"')):
        peer.emit(event, 1, 2, ack=3)
        assert peer.event() == ["res", "packet received!"]
        assert peer.packet() == "43/seed,3[%s]" % answer
        assert peer.event() == ["after", event]
    peer.emit("answer")  # nobody waits for it
    peer.event()
    assert peer.event() == ["after", "answer"]
    peer.close()


def check_the_session_is_there():
    answer = request(PORT, "GET", "/login/ada")
    cookie = answer.headers["set-cookie"].split(";")[0]
    peer = Peer("/seed", headers=[("Cookie", cookie)])
    assert peer.event() == ["res", "connected!"]
    peer.connected()
    peer.emit("who", ack=4)
    assert peer.event() == ["res", "packet received!"]
    assert peer.packet() == '43/seed,4["ada"]'
    peer.close()


def check_errors_reach_old_clients():
    peer = seed(old=True)
    peer.emit("refuse")
    assert peer.packet() == '44/seed,{"why":"weather"}'
    peer.emit("fail")
    assert peer.event() == ["res", "packet received!"]
    assert peer.packet() == '44/seed,"[egg-socket.io] controller execute error: broken"'
    peer.close()
    peer = seed()
    peer.emit("refuse")
    peer.emit("fail")
    assert peer.event() == ["res", "packet received!"]
    peer.emit("ping", "still")
    peer.event()
    assert peer.event() == ["res", "Hi! I've got your message: still"]
    peer.close()


def check_leaving_in_a_middleware():
    peer = Peer("/kick")
    assert peer.event() == ["res", "bye"]
    peer.connected()
    assert peer.packet() == "41/kick,"
    peer.socket.send("40/room,")
    peer = Peer("/kick", "&how=close")
    assert peer.event() == ["res", "bye"]
    peer.connected()
    assert peer.packet() == "41/kick,"
    assert peer.socket.code() in (1005, "end")
    # Returning without `next()` lets the client in.
    peer = Peer("/kick", "&how=stay")
    assert peer.event() == ["res", "bye"]
    peer.connected()


def check_order_and_rooms_of_middlewares():
    witness = Peer("/room")
    assert witness.event()[1]["msg"] == "welcome"
    witness.connected()
    peer = Peer("/room")
    assert peer.event()[1]["msg"] == "welcome"
    peer.connected()
    assert witness.event()[1]["id"] == peer.id
    peer.socket.send("41/room,")
    assert witness.event() == ["order", "inner"] and witness.event() == ["order", "outer"]
    witness.close()


def check_refusal():
    peer = Peer("/room", "&fail=1")
    assert peer.packet() == '44/room,{"message":"no entry"}'
    peer = Peer("/room", "&fail=1", old=True)
    assert peer.packet() == '44/room,"no entry"'


def check_namespace_that_nobody_made():
    peer = Peer("/nowhere")
    assert peer.packet() == '44/nowhere,{"message":"Invalid namespace"}'


checks(globals())
