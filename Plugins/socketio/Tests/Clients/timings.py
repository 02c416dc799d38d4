"""Heartbeats and limits of time, against the conformance application in its environment
`conformance`: pings every 300 ms, 200 ms for the answer, a second to join a namespace. Usage:
timings.py PORT"""
import json
import sys
import time

from wire import *

PORT = int(sys.argv[1])
ENGINE, OLD, SIO = "/engine.io/", "/engine.io-v3/", "/socket.io/"


def get(path):
    return request(PORT, "GET", path)


def post(path, body):
    return request(PORT, "POST", path, body)


def poll_session():
    answer = get(ENGINE + "?EIO=4&transport=polling")
    return ENGINE + "?EIO=4&transport=polling&sid=" + json.loads(answer.text[1:])["sid"]


def ws_session(base=ENGINE, eio=4):
    peer = WebSocket(PORT, base + "?EIO=%d&transport=websocket" % eio)
    assert peer.read()[0] == "0"
    return peer


def check_the_handshake_says_the_times():
    for base in (ENGINE, SIO):
        opened = json.loads(get(base + "?EIO=4&transport=polling").text[1:])
        assert (opened["pingInterval"], opened["pingTimeout"]) == (300, 200)


@in_time
def check_server_pings_by_polling():
    session = poll_session()
    for _ in range(3):
        assert get(session).text == "2"
        assert post(session, "3").text == "ok"


@in_time
def check_server_pings_by_websocket():
    with ws_session() as peer:
        for _ in range(3):
            assert peer.read() == "2"
            peer.send("3")


@in_time
def check_no_pong_ends_the_session():
    session = poll_session()
    time.sleep(0.7)
    answer = get(session)
    assert answer.status == 400 and answer.json["code"] == 1
    with ws_session() as peer:
        assert peer.read() == "2"
        assert peer.code() in (1005, "end")


@in_time
def check_other_traffic_does_not_postpone_the_ping():
    with ws_session() as peer:
        start = time.time()
        got = []
        while time.time() - start < 0.45:
            peer.send("4x")
            got.append(peer.read())
            time.sleep(0.02)
        assert "2" in got


def check_old_clients_time_out():
    start = time.time()
    with ws_session(OLD, 3) as peer:
        assert peer.code() in (1005, "end")
        assert time.time() - start > 0.4


@in_time
def check_nobody_joins_in_time():
    start = time.time()
    with ws_session(SIO) as peer:
        while True:
            try:
                if peer.read() == "2":
                    peer.send("3")
            except (Closed, OSError):
                break
        assert time.time() - start > 0.8


checks(globals())
