"""Clients that want to hurt: the conformance application in application mode.
Usage: hostile.py PORT"""
import os
import socket
import sys
import time

from wire import *

PORT = int(sys.argv[1])
PATH = "/socket.io/?EIO=4&transport="


def peer():
    made = WebSocket(PORT, PATH + "websocket")
    made.read()
    made.send("40")
    made.read(), made.read()
    return made


def tell_all(peer):
    """Half a megabyte to everybody, and waits for its own."""
    peer.send('451-["all","x",{"_placeholder":true,"num":0}]')
    peer.raw(frame(2, b"y" * 500000, mask=b"\0\0\0\0"))
    while not isinstance(peer.read(), bytes):
        pass


def check_a_reader_that_has_stopped_is_let_go():
    slow, loud = peer(), peer()
    for _ in range(40):
        tell_all(loud)
    # More than the queue takes has been sent; the connection is at its end.
    time.sleep(0.3)
    slow.socket.settimeout(3)
    got = 0
    try:
        while True:
            data = slow.socket.recv(1 << 20)
            if not data:
                break
            got += len(data)
    except OSError:
        pass
    assert got < 20000000, got
    loud.close()


def check_a_session_that_never_polls_is_let_go():
    answer = request(PORT, "GET", PATH + "polling")
    session = PATH + "polling&sid=" + answer.text.split('"sid":"')[1][:20]
    request(PORT, "POST", session, "40")
    loud = peer()
    for _ in range(15):
        tell_all(loud)
    answer = request(PORT, "GET", session)
    assert answer.status == 400, answer.status
    loud.close()


def check_connections_that_come_and_go():
    for _ in range(300):
        made = peer()
        made.send('42["join","room"]')
        made.close()
    for _ in range(100):
        request(PORT, "GET", PATH + "polling")


def check_resets_at_every_moment():
    head = ("GET %swebsocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % PATH).encode()
    whole = head + frame(1, b"40") + frame(1, b'42["message",1]')
    for end in range(0, len(whole), 7):
        made = socket.create_connection((HOST, PORT))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.sendall(whole[:end])
        made.close()
    with peer():
        pass


def check_noise():
    seed = 1
    for _ in range(150):
        made = peer()
        seed = seed * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        noise = (seed.to_bytes(8, "little") * 8)[: 1 + seed % 60]
        try:
            made.raw(noise)
            made.raw(frame(1, b"4" + noise))
        except OSError:
            pass
        made.close()
    with peer():
        pass


def check_many_namespaces():
    with peer() as made:
        for number in range(2000):
            made.send("40/dyn-%d," % number)
        made.send('42["message","still"]')
        while made.read() != '42["message-back","still"]':
            pass


def check_bombs_of_compression_are_not_inflated():
    with WebSocket(PORT, PATH + "websocket", headers=[("Sec-WebSocket-Extensions", "permessage-deflate")]) as made:
        assert "sec-websocket-extensions" not in made.answer.headers
        made.read()
        made.raw(frame(1, b"\x00" * 100, rsv=4))
        assert made.code() == 1002
    answer = request(PORT, "GET", PATH + "polling")
    session = PATH + "polling&sid=" + answer.text.split('"sid":"')[1][:20]
    answer = request(PORT, "POST", session, b"\x1f\x8b\x08" + os.urandom(50), headers=[("Content-Encoding", "gzip")])
    assert answer.status in (200, 400, 415)


checks(globals())
