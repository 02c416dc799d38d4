"""The load application on python-socketio with asyncio and aiohttp:
python3 -m pip install python-socketio aiohttp"""
import asyncio

import socketio
from aiohttp import web

server = socketio.AsyncServer(async_mode="aiohttp")
application = web.Application()
server.attach(application)


@server.on("message")
async def message(sid, *args):
    await server.emit("message-back", tuple(args), to=sid)


@server.on("all")
async def everybody(sid, event, payload):
    await server.emit(event, payload)


async def main():
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("started on http://127.0.0.1:%d" % runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
