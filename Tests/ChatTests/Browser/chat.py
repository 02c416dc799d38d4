"""People in tabs of a browser. Usage: chat.py EGG APPLICATION [REDIS-PORT]

With the port of a Redis there are two servers, and each half of the people is on another. Where the
variable CHAT_PICTURES names a folder, pictures of the tabs are put there.
"""
import os
import sys
import traceback

from browser import Browser
from proxy import Proxy
from server import Server

LINES = "[...document.querySelectorAll('#lines .text')].map(it => it.textContent)"


class Guest:
    def __init__(self, browser, server, name, room="demo", how="", prepare=None):
        self.server, self.name = server, name
        self.tab = browser.tab("about:blank")
        if prepare:
            self.tab.call("Page.addScriptToEvaluateOnNewDocument", source=prepare)
        self.tab.call("Page.navigate", url=server.address("/?room=%s&name=%s%s" % (room, name, how)))
        self.value, self.wait, self.click = self.tab.value, self.tab.wait, self.tab.click

    def enters(self):
        self.wait("window.socket?.connected")
        self.id = self.value("socket.id")
        self.wait("document.querySelector('#state').textContent.startsWith('connected')")
        return self

    def says(self, text):
        self.click("#say textarea")
        self.tab.type(text)
        self.tab.press("Enter")

    def sees(self, text):
        self.wait("%s.includes(%s)" % (LINES, repr(text)))

    def opens(self, guest):
        self.click("#talks [data-id=%s]" % ("'%s'" % guest.id if guest else "''"))

    def people(self, *names):
        """The list says who is there, and nobody else."""
        self.wait(
            "JSON.stringify([...document.querySelectorAll('#talks .name')].map(it => it.textContent)"
            ".slice(1).map(it => it.replace(' (you)', '')).sort()) === JSON.stringify(%s)"
            % sorted(names))

    def picture(self, name):
        folder = os.environ.get("CHAT_PICTURES")
        if folder:
            self.tab.picture(os.path.join(folder, name + ".png"))

    def leaves(self):
        self.tab.browser.call("Target.closeTarget", targetId=self.tab.target)


def check_two_people_talk(browser, here, there):
    ada = Guest(browser, here, "Ada").enters()
    grace = Guest(browser, there, "Grace").enters()
    lin = Guest(browser, here, "Lin").enters()
    for guest in (ada, grace, lin):
        guest.people("Ada", "Grace", "Lin")
    ada.says("Hello, Grace!")
    ada.sees("Hello, Grace!")
    grace.sees("Hello, Grace!")
    grace.says("<img src=x onerror=alert(1)> & 日本")
    ada.sees("<img src=x onerror=alert(1)> & 日本")
    # It is shown for three seconds only.
    ada.wait("document.querySelector('#typing').textContent === 'Grace is writing …'",
             again=lambda: grace.tab.type("wait "))
    ada.picture("room")

    # To one alone.
    grace.opens(ada)
    grace.wait("document.querySelector('#subtitle').textContent === 'Only the two of you'")
    grace.value("document.querySelector('#say').reset()")
    grace.says("between us")
    ada.wait("document.querySelector(`#talks [data-id='%s'] .unread`)?.textContent === '1'" % grace.id)
    assert "between us" not in ada.value(LINES)
    ada.opens(grace)
    ada.sees("between us")
    ada.says("a secret")
    grace.sees("a secret")
    grace.picture("private")
    lin.says("still here")
    lin.sees("still here")
    assert "between us" not in lin.value("document.body.innerText")
    assert lin.value("document.querySelector('.unread')") is None

    # Who has left is seen to have left, and cannot be told anything.
    lin.says("bye")
    lin.opens(ada)
    lin.says("see you")
    ada.wait("document.querySelector(`#talks [data-id='%s'] .unread`)?.textContent" % lin.id)
    ada.opens(lin)
    lin.leaves()
    ada.people("Ada", "Grace", "Lin")  # below "Gone"
    ada.wait("[...document.querySelectorAll('#talks h3')].some(it => it.textContent === 'Gone')")
    ada.says("wait")
    ada.wait("document.querySelector('#lines .mine .why')?.textContent === 'This person has left.'")
    assert ada.value("document.querySelector('#lines .mine .why').offsetHeight") > 0
    ada.opens(None)
    ada.wait("document.querySelector('#lines').innerText.includes('Lin left')")
    answer = ada.value("socket.emitWithAck('exchange', {target: '%s', payload: {msg: 'x'}})" % lin.id)
    assert answer == {"error": "This person has left."}, answer

    for guest in (ada, grace):
        assert guest.tab.problems() == []
        for address in guest.tab.requests():
            assert address == "about:blank" or address.startswith(guest.server.address()), address
        guest.leaves()


# Notes the name of every event that comes, but those of who is there: they may come twice and late.
LISTEN = ("window.came = [], socket.tell = ((tell) => function (...it) {"
          " if (it[0] !== 'online') came.push(it[0]); return tell.apply(this, it) })(socket.tell), 0")


def check_messages_are_as_in_eggs_introduction(browser, here, there):
    ada = Guest(browser, here, "Ada", "kitchen").enters()
    ada.value("window.news = [], socket.on('online', it => news.push(it)), 0")
    grace = Guest(browser, there, "Grace", "kitchen").enters()
    grace.value("window.got = new Promise(done => socket.on(socket.id, done)), 0")
    ada.people("Ada", "Grace")
    eve = Guest(browser, there, "Eve", "demo").enters()
    eve.value(LISTEN)
    news = ada.wait("news.find(it => it.message === 'User(%s) joined.')" % grace.id)
    assert sorted(news["clients"]) == sorted([ada.id, grace.id])
    assert news["action"] == "join" and news["target"] == "participator"
    ada.value("socket.emit('exchange', {target: '%s', payload: {msg: 'test'}}), 0" % grace.id)
    message = grace.value("got")
    assert message["data"] == {"action": "exchange", "payload": {"msg": "test"}}
    assert message["meta"].pop("timestamp") > 1700000000000
    assert message["meta"] == {"client": ada.id, "target": grace.id}
    # Neither those of the room nor others get what is for one.
    ada.value(LISTEN)
    ada.value("socket.emitWithAck('exchange', {target: '%s', payload: {msg: 'again'}})" % grace.id)
    ada.value("socket.emitWithAck('broadcast', {payload: {msg: 'all'}})")
    assert ada.value("came") == ["broadcast"] and eve.value("came") == []
    grace.leaves()
    ada.people("Ada")
    news = ada.wait("news.find(it => it.message === 'User(%s) leaved.')" % grace.id)
    assert (news["clients"], news["action"]) == ([ada.id], "leave")
    ada.leaves()
    eve.leaves()


def check_a_room_that_is_gone(browser, here, there):
    ada = Guest(browser, here, "Ada", "nowhere")
    ada.wait("document.querySelector('#refusal')?.textContent === 'deleted, room has been deleted.'")
    ada.wait("!window.socket.connected && !document.querySelector('#door').hidden")
    ada.leaves()


def check_a_new_room(browser, here, there):
    ada = Guest(browser, here, "")
    ada.wait("document.readyState === 'complete'")  # nothing moves any more
    ada.click("#enter [name=name]")
    ada.tab.type("Ada")
    ada.click("#enter .fresh")
    ada.tab.type("attic")
    ada.picture("door")
    ada.click("#enter > button:enabled")
    ada.enters().people("Ada")
    # Not one for each server.
    grace = Guest(browser, there, "Grace", "attic").enters()
    ada.people("Ada", "Grace")
    for name in ("a b", "", "x" * 25, "room:demo"):
        status = ada.value(
            "fetch('/rooms', {method: 'POST', headers: {'Content-Type': 'application/json'},"
            " body: JSON.stringify({name: %r})}).then(it => it.status)" % name)
        assert status == 422, (name, status)
    ada.leaves()
    grace.leaves()


def check_polling_alone(browser, here, there):
    ada = Guest(browser, here, "Ada", "garden", "#transports=polling").enters()
    grace = Guest(browser, there, "Grace", "garden").enters()
    assert ada.value("socket.transport") == "polling"
    ada.people("Ada", "Grace")
    ada.says("slowly")
    grace.sees("slowly")
    for number in range(20):
        ada.value("socket.emit('broadcast', {payload: {msg: '%d'}}), 0" % number)
    grace.sees("19")
    assert grace.value(LINES) == ["slowly"] + [str(number) for number in range(20)]
    grace.says("at last")
    ada.sees("at last")
    # Leaving is heard at once, not when a ping stays without an answer.
    ada.click("#leave")
    grace.people("Grace")
    ada.wait("document.readyState === 'complete' && document.querySelector('#enter button:enabled')")
    assert ada.tab.problems() == []
    ada.leaves()
    lin = Guest(browser, here, "Lin", "garden", "#transports=polling").enters()
    grace.people("Grace", "Lin")
    lin.leaves()
    grace.people("Grace")
    grace.leaves()


def check_polling_where_websockets_do_not_get_through(browser, here, there):
    proxy = "WebSocket = class { constructor() { setTimeout(() => this.onclose({}), 5) } close() {} }"
    ada = Guest(browser, here, "Ada", "garden", prepare=proxy).enters()
    assert ada.value("socket.transport") == "polling"
    ada.leaves()


def check_behind_a_proxy(browser, here, there):
    with Proxy(here) as proxy:
        ada = Guest(browser, proxy, "Ada", "garden").enters()
        grace = Guest(browser, proxy, "Grace", "garden", "#transports=polling").enters()
        assert (ada.value("socket.transport"), grace.value("socket.transport")) == ("websocket", "polling")
        ada.says("through the proxy")
        grace.sees("through the proxy")
        grace.says("and back")
        ada.sees("and back")
        ada.leaves()
        grace.leaves()


def check_nonsense_is_answered(browser, here, there):
    ada = Guest(browser, here, "Ada", "garden").enters()
    eve = Guest(browser, there, "Eve", "garden").enters()
    eve.value(LISTEN)
    ask = "socket.emitWithAck('%s', %s)"
    gone = {"error": "This person has left."}
    wrong = {"error": "Expected payload.msg of 1 to 2000 characters."}
    for target in ("room:garden", "disconnect", "connect", ""):
        assert ada.value(ask % ("exchange", "{target: %r, payload: {msg: 'x'}}" % target)) == gone
    for payload in ("{}", "{payload: {msg: ''}}", "{payload: {msg: 7}}", "[]", "null", "'text'",
                    "{payload: {msg: 'x'.repeat(2001)}}"):
        assert ada.value(ask % ("broadcast", payload)) == wrong, payload
    # More than anybody types.
    answers = ada.value(
        "Promise.all(Array.from({length: 120}, () => %s))" % ask % ("broadcast", "{payload: {msg: 'y'}}"))
    slow = [answer for answer in answers if answer]
    assert slow and all("Slowly" in answer["error"] for answer in slow), answers
    eve.sees("y")
    assert set(eve.value("came")) == {"broadcast"}
    ada.leaves()
    eve.leaves()


def check_the_page_comes_back_after_a_restart(browser, here, there):
    ada = Guest(browser, here, "Ada", "kitchen").enters()
    lin = Guest(browser, here, "Lin", "kitchen", "#transports=polling").enters()
    here.stop()
    ada.wait("!socket.connected")
    lin.wait("!socket.connected")
    here.start()
    ada.enters()
    lin.enters()
    ada.people("Ada", "Lin")
    assert lin.value("socket.transport") == "polling"
    lin.leaves()
    ada.people("Ada")
    ada.leaves()


def check_the_page_comes_back_after_a_crash(browser, here, there):
    ada = Guest(browser, here, "Ada", "kitchen").enters()
    grace = Guest(browser, here, "Grace", "kitchen").enters()
    ada.people("Ada", "Grace")
    here.crash()
    ada.wait("!socket.connected")
    ada.wait("document.querySelector('#state').textContent === 'connecting …'")
    # On a phone too, and we are not somebody to talk to.
    ada.tab.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    ada.wait("document.querySelector('#state').offsetHeight > 0")
    assert ada.value("document.querySelector('#talks [data-id=\"%s\"]')" % ada.id) is None
    ada.tab.call("Emulation.setDeviceMetricsOverride", width=1100, height=760, deviceScaleFactor=1, mobile=False)
    ada.value("socket.emit('broadcast', {payload: {msg: 'said in the dark'}}), 0")
    before = ada.id
    here.start()
    ada.enters()
    grace.enters()
    assert ada.id != before
    ada.people("Ada", "Grace")
    ada.says("here again")
    grace.sees("here again")
    # To the room, and by the new id.
    ada.opens(grace)
    ada.says("just you")
    grace.opens(ada)
    grace.sees("just you")
    ada.leaves()
    grace.leaves()


# What is the page's or one server's alone.
WITHOUT_REDIS = (check_a_room_that_is_gone, check_behind_a_proxy, check_nonsense_is_answered,
                 check_polling_where_websockets_do_not_get_through)


def main():
    egg, application = sys.argv[1:3]
    env, variables, count = "prod", {}, 1
    if len(sys.argv) > 3:
        env, variables, count = "redis", {"REDIS_PORT": sys.argv[3]}, 2
    failed = 0
    servers = []
    try:
        servers = [Server(egg, application, env, variables) for _ in range(count)]
        with Browser() as browser:
            for name, check in list(globals().items()):
                if not name.startswith("check_") or (count > 1 and check in WITHOUT_REDIS):
                    continue
                try:
                    check(browser, servers[0], servers[-1])
                except Exception:
                    failed += 1
                    print("FAILED %s\n%s" % (name[6:].replace("_", " "), traceback.format_exc()))
                browser.forget()
        if failed:
            print("\n".join(server.text()[-4000:] for server in servers))
    finally:
        for server in servers:
            server.close()
    sys.exit(1 if failed else 0)


main()
