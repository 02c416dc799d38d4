"""The application in a process of its own, served by the built `egg`."""
import os
import re
import signal
import subprocess
import tempfile
import time


class Server:
    """Ends with `close`. `port` stays the same when it is started again."""

    def __init__(self, egg, folder, env="prod", variables=None):
        self.command = [egg, "start", folder, "--single", "--host", "127.0.0.1", "--env", env]
        self.variables = {name: value for name, value in os.environ.items()
                          if not name.startswith("EGG_") and name not in ("PORT", "NODE_ENV")}
        self.variables.update(variables or {})
        self.port = 0
        self.start()

    def start(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command + ["--port", str(self.port)], env=self.variables, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)
        end = time.time() + 180
        while time.time() < end and self.process.poll() is None:
            found = re.search(r"started on http://127\.0\.0\.1:(\d+)", self.text())
            if found:
                self.port = int(found.group(1))
                return
            time.sleep(0.02)
        raise SystemExit("the chat did not start:\n" + self.text())

    def text(self):
        with open("/proc/self/fd/%d" % self.log.fileno()) as log:
            return log.read()

    def address(self, path="/"):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def crash(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an operator does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def close(self):
        self.stop()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
