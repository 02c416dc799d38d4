"""The application `probe` in its environment `narrow`. Usage: narrow.py PORT"""
import json
import sys

from wire import *

PORT = int(sys.argv[1])


def connect(path):
    socket = WebSocket(PORT, path + "?EIO=4&transport=websocket&room=demo")
    assert socket.status == 101
    return socket, json.loads(socket.read()[1:])


def check_the_path_has_no_slash_behind_it():
    for path in ("/io", "/io/", "/io/more"):
        socket, facts = connect(path)
        assert facts["upgrades"] == [] and facts["maxPayload"] == 1000
        socket.close()
    for path in ("/iota", "/socket.io/", "/i"):
        assert request(PORT, "GET", path + "?EIO=4&transport=polling").status == 404, path


def check_transports_that_are_not_spoken():
    answer = request(PORT, "GET", "/io?EIO=4&transport=polling")
    assert answer.status == 400 and answer.json == {"code": 0, "message": "Transport unknown"}


def check_the_largest_message():
    socket, _ = connect("/io")
    socket.send("40/example,")
    assert socket.read().startswith("40/example,")
    text = '42/example,7["x","%s"]'
    socket.send(text % ("x" * (999 - len(text) + 2 - 1)) )
    socket.send("40/nobody,")
    assert socket.read().startswith("44/nobody,")
    socket.send(text % ("x" * 1000))
    assert socket.code() == 1009


checks(globals())
