"""Several processes behind one port: clients that poll, each request on a connection of its own.
Usage: sticky.py PORT"""
import json
import socket
import sys

from wire import *

PORT = int(sys.argv[1])


class Poller:
    """A client with an address of its own, 127.0.0.N, as sticky goes by addresses."""

    def __init__(self, number):
        self.address = "127.0.0.%d" % number
        self.path = "/socket.io/?EIO=4&transport=polling"
        self.path += "&sid=" + json.loads(self.ask("GET").text[1:])["sid"]

    def ask(self, method, body=None):
        lines = ["%s %s HTTP/1.1" % (method, self.path), "Host: test", "Connection: close"]
        if body:
            lines.append("Content-Length: %d" % len(body))
        with socket.create_connection((HOST, PORT), PATIENCE, (self.address, 0)) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode())
            answer = read_answer(connection.makefile("rb"))
        assert answer.status == 200, (self.address, method, answer.status, answer.text)
        return answer

    def post(self, packet):
        assert self.ask("POST", packet).text == "ok"

    def packets(self, count):
        found = []
        while len(found) < count:
            found += [text for text in self.ask("GET").text.split("\x1e") if text != "2"]
        return found


def check_every_request_finds_its_process():
    pollers = [Poller(number) for number in range(2, 14)]
    for poller in pollers:
        poller.post("40")
        found = poller.packets(2)
        assert found[0].startswith("40{") and found[1].startswith('42["auth"'), found
    for turn in range(3):
        for poller in pollers:
            poller.post('42["message",%d]' % turn)
        for poller in pollers:
            assert poller.packets(1) == ['42["message-back",%d]' % turn]
    # Both processes have some: who is in one of them is not all.
    counts = set()
    for poller in pollers:
        poller.post('421["clients",[]]')
        ids = json.loads(poller.packets(1)[0][3:])[0]
        counts.add(tuple(ids))
    assert len(counts) == 2 and sum(map(len, counts)) == len(pollers), counts


def check_a_client_of_polling_becomes_one_of_websocket():
    poller = Poller(99)
    poller.post("40")
    poller.packets(2)
    path = poller.path.replace("polling", "websocket")
    # From the same address.
    plain = socket.create_connection
    socket.create_connection = lambda to, timeout=None: plain(to, timeout, (poller.address, 0))
    try:
        upgraded = WebSocket(PORT, path)
    finally:
        socket.create_connection = plain
    upgraded.send("2probe")
    assert upgraded.read() == "3probe"
    upgraded.send("5")
    upgraded.send('42["message","up"]')
    assert upgraded.read() == '42["message-back","up"]'
    upgraded.close()


checks(globals())
