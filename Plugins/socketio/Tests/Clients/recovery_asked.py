"""Clients whose connection was lost, where middlewares are asked again (`skipMiddlewares` is off).
Usage: recovery_asked.py PORT"""
import json

from recovery import *


def lost_one():
    lost = Peer(nsp="/auth,", token="secret")
    lost.emit("message", 1)
    assert lost.event() == ["message-back", 1]
    leave(lost)
    return lost


def check_who_is_let_in_again_is_the_same():
    lost = lost_one()
    back = Peer(lost, nsp="/auth,", token="secret")
    assert back.id == lost.id and back.pid == lost.pid
    back.socket.close()


def check_who_is_not_is_refused():
    lost = lost_one()
    with WebSocket(PORT, "/socket.io/?EIO=4&transport=websocket") as socket:
        socket.read()
        socket.send("40/auth," + json.dumps({"pid": lost.pid, "offset": lost.offset}))
        assert socket.read() == '44/auth,{"message":"not authorized","data":{"code":401}}'


checks({name: it for name, it in globals().items() if it.__class__.__name__ == "function" and it.__module__ == __name__})
