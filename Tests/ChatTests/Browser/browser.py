"""Chromium by its DevTools protocol, over a pipe. Needs nothing but Python."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    """A headless browser with a profile of its own; ends with `close`."""

    def __init__(self):
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            raise SystemExit("chromium is missing: apt-get install chromium")
        self.profile = tempfile.mkdtemp(prefix="egg-browser-")
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # The browser reads commands from descriptor 3 and writes to 4; copies first, as they may be in use.
        line = 'exec 208<&%d 209>&%d; exec "$@" 3<&208 4>&209 208<&- 209>&-' % (commands, answers)
        self.process = subprocess.Popen(
            ["bash", "-c", line, "browser", program, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "about:blank"],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.number = 0
        self.events = []

    def close(self):
        try:
            self.call("Browser.close", seconds=30)
            self.process.wait(30)
        except Exception:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _message(self, end):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.time()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.answers, 1 << 16)
            if not more:
                raise ConnectionError("the browser ended")
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, seconds=180, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        end = time.time() + seconds
        while True:
            answer = self._message(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def forget(self):
        """Closes every tab and what they have told."""
        for target in self.call("Target.getTargets")["targetInfos"]:
            if target["type"] != "page":
                continue
            try:
                self.call("Target.closeTarget", targetId=target["targetId"])
            except RuntimeError:
                pass  # it was closing already
        self.events.clear()

    def tab(self, address, width=1100, height=760):
        return Tab(self, address, width, height)


class Tab:
    """A page. The browser takes each for the one in front."""

    def __init__(self, browser, address, width, height):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call(
            "Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Runtime.enable")
        self.call("Log.enable")
        self.call("Network.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=address)

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def value(self, expression):
        """What an expression of the page gives; its exception is an error. An element is true."""
        expression = "Promise.resolve((%s)).then(it => it instanceof Node || it)" % expression
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError("%s: %s" % (expression, json.dumps(result["exceptionDetails"])[:600]))
        return result["result"].get("value")

    def wait(self, expression, seconds=180, again=None):
        """Until the expression is true; gives its value. `again` is done every two seconds."""
        end = time.time() + seconds
        last = None
        due = time.time()
        while time.time() < end:
            if again and time.time() >= due:
                again()
                due = time.time() + 2
            try:
                value = self.value(expression)
                if value:
                    return value
            except RuntimeError as failure:  # the page is still coming
                last = failure
            time.sleep(0.03)
        raise AssertionError("waited for %s\n%s\nthe page says: %s" % (
            expression, last or "", self.value("document.body.innerText")))

    def click(self, selector):
        """A click of the mouse in the middle of an element."""
        box = self.wait(
            "(() => { const box = document.querySelector(%s)?.getBoundingClientRect();"
            " return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null })()"
            % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                      clickCount=1)

    def type(self, text):
        """Where the cursor is."""
        self.call("Input.insertText", text=text)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      text="\r" if key == "Enter" and kind == "keyDown" else "",
                      windowsVirtualKeyCode={"Enter": 13, "Tab": 9}.get(key, 0))

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def problems(self):
        """Uncaught exceptions, and what the console calls an error."""
        self.value("1")
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:400])
            if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append("%s %s" % (params["entry"]["text"], params["entry"].get("url", "")))
        return found

    def requests(self):
        """The addresses that this page asked for."""
        self.value("1")
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session
                and event["method"] == "Network.requestWillBeSent"]
