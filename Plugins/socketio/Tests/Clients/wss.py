"""The conformance application over wss. Usage: wss.py PORT with PYTHONPATH naming websockets."""
import asyncio
import json
import ssl
import sys

import websockets


async def main():
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    url = "wss://127.0.0.1:%s/socket.io/?EIO=4&transport=websocket" % sys.argv[1]
    async with websockets.connect(url, ssl=trust, max_size=None) as socket:

        async def packet(start):
            while True:
                text = await asyncio.wait_for(socket.recv(), 60)
                if text == "2":
                    await socket.send("3")
                elif text.startswith(start):
                    return text[len(start):]

        assert json.loads(await packet("0"))["upgrades"] == []
        await socket.send("40")
        assert json.loads(await packet("40"))["sid"]
        await socket.send('421["transport"]')
        assert await packet("431") == '["websocket"]'
        await socket.send('422["message-with-ack",1,"zwei"]')
        assert json.loads(await packet("432")) == [1, "zwei"]
        await socket.send('423["big",300000]')
        assert json.loads(await packet("433")) == ["x" * 300000]
        await socket.send('424["handshake"]')
        assert json.loads(await packet("434"))[0]["secure"] is True
        await socket.send('42["burst",500]')
        for number in range(500):
            assert json.loads(await packet("42")) == ["b", number]
    print("wss: all well")


asyncio.run(main())
