"""permessage-deflate with a released WebSocket library. Usage: deflate.py PORT"""
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.sync.client import connect

from wire import checks

URL = "ws://127.0.0.1:%s/socket.io/?EIO=4&transport=websocket" % sys.argv[1]
LONG = "The quick brown fox jumps over the lazy dog. " * 4
compressed = []  # of every frame that came: whether it was
decode = PerMessageDeflate.decode


def note(self, frame, **more):
    compressed.append((frame.rsv1, len(frame.data)))
    return decode(self, frame, **more)


PerMessageDeflate.decode = note


class Peer:
    def __init__(self, **terms):
        self.socket = connect(URL, compression=None, max_size=None, extensions=[ClientPerMessageDeflateFactory(**terms)])
        self.terms = self.socket.protocol.extensions
        self.socket.send("40")
        while not self.socket.recv(5).startswith("40"):
            pass

    def emit(self, *args):
        self.socket.send("42" + json.dumps(list(args)))

    def event(self, name):
        while True:
            text = self.socket.recv(5)
            if text.startswith("42"):
                args = json.loads(text[2:])
                if args[0] == name:
                    return args[1:]


def check_every_agreement():
    for terms in (
        {},
        {"server_no_context_takeover": True},
        {"client_no_context_takeover": True},
        {"server_max_window_bits": 9, "client_max_window_bits": 9},
        {"client_max_window_bits": True},
    ):
        peer = Peer(**terms)
        assert len(peer.terms) == 1, terms
        for size in (1, 10, 3000):
            for turn in range(3):
                peer.emit("message", LONG * size, turn)
                assert peer.event("message-back") == [LONG * size, turn], (terms, size)
                assert compressed[-1][0] and compressed[-1][1] < len(LONG) * size / 2, compressed[-1]
        peer.socket.close()


def check_what_is_known_is_not_said_again():
    sizes = {}
    for forgets in (True, False):
        peer = Peer(server_no_context_takeover=forgets)
        for turn in range(2):
            peer.emit("message", LONG)
            peer.event("message-back")
        sizes[forgets] = compressed[-1][1]
        peer.socket.close()
    assert sizes[False] < sizes[True] / 2, sizes


def check_short_messages_stay_as_they_are():
    peer = Peer()
    peer.emit("message", "short")
    assert peer.event("message-back") == ["short"]
    assert not compressed[-1][0]
    peer.socket.close()


def check_one_for_many_between_those_for_one():
    peers = [Peer(), Peer(server_max_window_bits=10), Peer(server_no_context_takeover=True)]
    for turn in range(4):
        for peer in peers:
            peer.emit("message", LONG + "own")
            assert peer.event("message-back") == [LONG + "own"]
        peers[turn % 3].emit("all", "x", LONG + "all")
        for peer in peers:
            assert peer.event("x") == [LONG + "all"], turn
            assert compressed[-1][0]
    for peer in peers:
        peer.socket.close()


def check_bombs_end_the_connection():
    peer = Peer()
    peer.emit("message", "0" * 3_000_000)
    try:
        while True:
            peer.socket.recv(5)
    except ConnectionClosed as end:
        assert end.rcvd.code == 1009, end
    Peer().socket.close()


checks(globals())
