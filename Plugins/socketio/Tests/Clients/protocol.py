"""Engine.IO and Socket.IO byte by byte, against the conformance application in its environment
`patient`: as `conformance`, without the short times. Usage: protocol.py PORT [PATTERN…]"""
import json
import re
import socket
import sys
import time

from wire import *

PORT = int(sys.argv[1])
ENGINE, OLD, SIO = "/engine.io/", "/engine.io-v3/", "/socket.io/"


def get(path, **more):
    return request(PORT, "GET", path, **more)


def post(path, body, **more):
    return request(PORT, "POST", path, body, **more)


def later(path, **more):
    return Later(PORT, "GET", path, **more)


def ws(path, **more):
    return WebSocket(PORT, path, **more)


def poll_session(base=ENGINE):
    answer = get(base + "?EIO=4&transport=polling")
    assert answer.status == 200, answer.text
    return base + "?EIO=4&transport=polling&sid=" + json.loads(answer.text[1:])["sid"]


def old_session(more=""):
    answer = get(OLD + "?EIO=3&transport=polling" + more)
    text = answer.text
    length, rest = text.split(":", 1)
    assert int(length) == len(rest)
    return OLD + "?EIO=3&transport=polling%s&sid=%s" % (more, json.loads(rest[1:])["sid"])


def ws_session(base=ENGINE, eio=4, more=""):
    peer = ws(base + "?EIO=%d&transport=websocket%s" % (eio, more))
    assert peer.status == 101
    opened = peer.read()
    assert opened[0] == "0"
    return peer


def sio():
    peer = ws_session(SIO)
    peer.send("40")
    handshake = json.loads(peer.read()[2:])
    assert list(handshake) == ["sid"]
    assert peer.read() == '42["auth",{}]'
    return peer


def refused(answer, code, status=400):
    assert answer.status == status, answer.status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["code"] == code, answer.json
    assert set(answer.json) == {"code", "message"}


# Engine.IO: the handshake


def check_polling_handshake_has_the_five_members():
    answer = get(ENGINE + "?EIO=4&transport=polling")
    assert answer.status == 200 and answer.text[0] == "0"
    opened = json.loads(answer.text[1:])
    assert set(opened) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}", opened["sid"])
    assert opened["upgrades"] == ["websocket"]
    assert (opened["pingInterval"], opened["pingTimeout"]) == (25000, 20000)
    assert opened["maxPayload"] == 1000000
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def check_websocket_handshake_is_the_first_frame():
    with ws(ENGINE + "?EIO=4&transport=websocket") as peer:
        opened = json.loads(peer.read()[1:])
        assert opened["upgrades"] == []


def check_unknown_or_missing_transport_is_error_0():
    for more in ["", "&transport=", "&transport=abc", "&transport=__proto__", "&transport=constructor"]:
        refused(get(ENGINE + "?EIO=4" + more), 0)
        peer = ws(ENGINE + "?EIO=4" + more)
        assert peer.status == 400 and peer.answer.text == "Transport unknown"


def check_unknown_sid_is_error_1():
    for sid in ["abc", "__proto__", "constructor", "A" * 20, "%00"]:
        refused(get(ENGINE + "?EIO=4&transport=polling&sid=" + sid), 1)


def check_empty_sid_is_a_new_handshake():
    assert get(ENGINE + "?EIO=4&transport=polling&sid=").text[0] == "0"


def check_handshake_by_another_method_is_error_2():
    refused(post(ENGINE + "?EIO=4&transport=polling", ""), 2)
    refused(request(PORT, "PUT", ENGINE + "?EIO=4&transport=polling"), 2)
    refused(request(PORT, "DELETE", ENGINE + "?EIO=4&transport=polling"), 2)


def check_head_handshake_is_refused():
    with socket.create_connection((HOST, PORT)) as connection:
        connection.sendall(
            b"HEAD /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        assert b" 400 " in connection.recv(200)


def check_websocket_without_upgrade_is_error_3():
    refused(get(ENGINE + "?EIO=4&transport=websocket"), 3)


def check_old_revision_is_refused_with_5():
    for more in ["?EIO=3&transport=polling", "?transport=polling", "?EIO=5&transport=polling", "?EIO=abc&transport=polling"]:
        refused(get(ENGINE + more), 5)
    peer = ws(ENGINE + "?EIO=3&transport=websocket")
    assert peer.status == 400 and peer.answer.text == "Unsupported protocol version"
    assert peer.answer.headers["connection"] == "close"


def check_other_versions_of_websocket_are_refused():
    peer = ws(ENGINE + "?EIO=4&transport=websocket", headers=[("Sec-WebSocket-Version", "12")])
    assert peer.status == 400 and "13" in peer.answer.headers["sec-websocket-version"]
    peer = ws(ENGINE + "?EIO=4&transport=websocket", headers=[("Sec-WebSocket-Key", "short")])
    assert peer.status == 400


def check_path_is_matched_by_prefix_with_its_slash():
    assert get(ENGINE + "anything?EIO=4&transport=polling").status == 200
    assert get("/engine.io?EIO=4&transport=polling").status == 404


def check_sids_differ():
    sids = {get(ENGINE + "?EIO=4&transport=polling").text for _ in range(50)}
    assert len(sids) == 50


# Engine.IO: polling


def check_echo_of_text_and_bytes_by_polling():
    session = poll_session()
    assert post(session, "4hello").text == "ok"
    assert get(session).text == "4hello"
    answer = post(session, "4a\x1ebAQIDBA==\x1e4\u20ac\U0001f600")
    assert answer.status == 200 and answer.headers["content-type"] == "text/html"
    assert get(session).text == "4a\x1ebAQIDBA==\x1e4\u20ac\U0001f600"


def check_get_waits_for_a_packet():
    session = poll_session()
    waiting = later(session)
    time.sleep(0.1)
    assert not waiting.is_done
    post(session, "4x")
    assert waiting.get().text == "4x"


def check_broken_payloads_end_the_session():
    for body in ["", "abc", "4x\x1e", "9", "b!!!!", "7x"]:
        session = poll_session()
        assert post(session, body).status in (200, 400)
        refused(get(session), 1)


def check_packets_before_a_bad_one_are_processed():
    session = poll_session()
    waiting = later(session)
    post(session, "4first\x1eabc")
    assert waiting.get().text.startswith("4first")


def check_bytes_as_a_body_are_refused():
    session = poll_session()
    assert post(session, b"\x01\x02", headers=[("Content-Type", "application/octet-stream")]).status == 400
    refused(get(session), 1)


def check_body_limit_is_413_and_the_session_lives():
    session = poll_session()
    assert post(session, "4" + "x" * 999999).status == 200
    assert "4" + "x" * 999999 in get(session).text + get(session).text
    answer = post(session, "4" + "x" * 1000000)
    assert answer.status == 413 and answer.body == b""
    post(session, "4y")
    assert "4y" in get(session).text + get(session).text


def check_chunked_posts_are_read():
    session = poll_session()
    with socket.create_connection((HOST, PORT), timeout=5) as connection:
        connection.sendall(
            ("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\n4h\r\n3\r\nell\r\n0\r\n\r\n" % session).encode())
        assert read_answer(connection.makefile("rb")).text == "ok"
    assert get(session).text == "4hell"


def check_second_get_ends_the_session():
    session = poll_session()
    first = later(session)
    second = get(session)
    assert second.status in (400, 500)
    answer = first.get()
    assert answer.status == 200 and answer.text == "1"
    refused(get(session), 1)


def check_second_post_ends_the_session():
    session = poll_session()
    with socket.create_connection((HOST, PORT), timeout=5) as connection:
        connection.sendall(("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4" % session).encode())
        until(lambda: post(session, "4y").status == 400)
    refused(get(session), 1)


def check_an_aborted_get_ends_the_session():
    session = poll_session()
    with socket.create_connection((HOST, PORT)) as connection:
        connection.sendall(("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % session).encode())
    # A POST asks without being a second GET.
    until(lambda: post(session, "6").status == 400)
    refused(get(session), 1)


def check_close_packet_by_polling():
    session = poll_session()
    waiting = later(session)
    assert post(session, "1").text == "ok"
    assert waiting.get().text == "6"
    refused(get(session), 1)


def check_other_methods_keep_the_session():
    session = poll_session()
    assert request(PORT, "PUT", session, "x").status in (400, 405, 500)
    post(session, "4x")
    assert get(session).text == "4x"


def check_last_of_repeated_keys_wins():
    assert get(ENGINE + "?EIO=3&EIO=4&transport=x&transport=polling&t=1&foo=%zz").status == 200


# Engine.IO: WebSocket


def check_echo_of_text_and_bytes_by_websocket():
    with ws_session() as peer:
        peer.send("4hello")
        assert peer.read() == "4hello"
        peer.send(b"\x01\x02\x03\x04")
        assert peer.read() == b"\x01\x02\x03\x04"
        peer.send("bAQIDBA==")
        assert peer.read() == b"\x01\x02\x03\x04"


def check_bad_packets_close_the_websocket():
    for packet in ["abc", "", "7", "2", "2probe"]:
        with ws_session() as peer:
            peer.send(packet)
            assert peer.code() in (1005, "end"), packet


def check_close_packet_by_websocket():
    with ws_session() as peer:
        peer.send("1")
        assert peer.code() in (1005, "end")


def check_open_upgrade_and_noop_are_passed_over():
    with ws_session() as peer:
        for packet in ["0x", "5", "6", "3"]:
            peer.send(packet)
        peer.send("4still")
        assert peer.read() == "4still"


def check_frames_byte_by_byte():
    with ws_session() as peer:
        for byte in frame(1, b"4slow") + frame(1, "4\u20ac".encode()):
            peer.raw(bytes([byte]))
            time.sleep(0.002)
        assert peer.read() == "4slow" and peer.read() == "4\u20ac"


def check_fragments_with_a_ping_between():
    with ws_session() as peer:
        peer.raw(frame(1, b"4fra", final=False) + frame(9, b"p") + frame(0, b"gment"))
        first, payload = peer.read_frame()
        assert (first & 15, payload) == (10, b"p")
        assert peer.read() == "4fragment"


def check_violations_of_websocket():
    cases = [
        (frame(1, b"4x", mask=None), 1002),
        (frame(3, b"x"), 1002),
        (frame(1, b"4x", rsv=4), 1002),
        (frame(1, b"4x", rsv=1), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(9, b"x", final=False), 1002),
        (frame(0, b"x"), 1002),
        (frame(8, b"\x00\x01"), 1002),
        (frame(8, b"\x03"), 1002),
        (frame(1, b"4\xff"), 1007),
        (frame(1, b"4\xe2\x82", final=False) + frame(0, b"\x28"), 1007),
        (bytes([0x82, 0xFF]) + struct.pack(">Q", 1 << 40) + b"\0\0\0\0", 1009),
        (bytes([0x82, 0xFF]) + struct.pack(">Q", 1 << 63) + b"\0\0\0\0", 1002),
        (frame(2, b"x" * 1000001, mask=b"\0\0\0\0"), 1009),
    ]
    for data, code in cases:
        with ws_session() as peer:
            peer.raw(data)
            assert peer.code() == code, (data[:20], code)


def check_a_flood_of_fragments_is_refused():
    with ws_session() as peer:
        try:
            peer.raw(frame(1, b"4", final=False) + frame(0, b"", final=False) * 5000)
        except OSError:
            pass
        assert peer.code() in (1008, "end")


def check_largest_message_passes():
    with ws_session() as peer:
        peer.raw(frame(2, b"x" * 1000000, mask=b"\0\0\0\0"))
        got = peer.read()
        while got == "2":
            got = peer.read()
        assert len(got) == 1000000


def check_bad_frame_in_the_segment_of_the_request():
    for sid in ["", "&sid=" + poll_session().split("sid=")[1]]:
        with ws(ENGINE + "?EIO=4&transport=websocket" + sid, first=frame(1, b"x", rsv=7)) as peer:
            assert peer.status == 101
            assert peer.code() in (1002, "end")
    assert get(ENGINE + "?EIO=4&transport=polling").status == 200


def check_first_frame_in_the_segment_of_the_request():
    with ws(ENGINE + "?EIO=4&transport=websocket", first=frame(1, b"4early")) as peer:
        assert peer.read()[0] == "0" and peer.read() == "4early"


def check_odd_upgrade_requests():
    for headers in [
        [("Sec-WebSocket-Extensions", "constructor")],
        [("Sec-WebSocket-Extensions", "; = ,, \"")],
        [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99; x")],
        [("Sec-WebSocket-Protocol", "a, b")],
        [("Sec-WebSocket-Protocol", "," * 4000)],
    ]:
        with ws(ENGINE + "?EIO=4&transport=websocket", headers=headers) as peer:
            assert peer.status in (101, 400)
    for headers in [[("Upgrade", "h2c")], [("Connection", "close")]]:
        peer = ws(ENGINE + "?EIO=4&transport=websocket", headers=headers)
        assert peer.status == 400
    assert ws(ENGINE + "?EIO=4&transport=websocket", headers=[("Sec-WebSocket-Protocol", "a, b")]).answer.headers["sec-websocket-protocol"] == "a"


def check_polling_as_an_upgrade_is_accepted_and_closed():
    with ws(ENGINE + "?EIO=4&transport=polling") as peer:
        assert peer.status == 101
        assert peer.code() in (1005, "end")


# Engine.IO: upgrade


def upgrade(session):
    return ws(session.replace("polling", "websocket"))


def check_upgrade():
    session = poll_session()
    with upgrade(session) as peer:
        peer.send("2probe")
        assert peer.read() == "3probe"
        assert get(session).text == "6"
        peer.send("5")
        peer.send("4now")
        assert peer.read() == "4now"
        refused(get(session), 3)
        refused(post(session, "4x"), 3)


def check_probe_frees_a_waiting_get():
    session = poll_session()
    waiting = later(session)
    with upgrade(session) as peer:
        peer.send("2probe")
        assert peer.read() == "3probe"
        assert waiting.get().text == "6"


def check_nothing_is_lost_over_the_switch():
    session = poll_session()
    with upgrade(session) as peer:
        peer.send("2probe")
        assert peer.read() == "3probe"
        post(session, "4a\x1e4b")
        peer.send("5")
        assert (peer.read(), peer.read()) == ("4a", "4b")


def check_get_behind_the_upgrade_is_refused():
    session = poll_session()
    with upgrade(session) as peer:
        peer.send("2probe")
        peer.read()
        peer.send("5")
        assert get(session).status == 400


def check_other_packets_end_the_upgrade_only():
    for packet in ["2", "40", "garbage"]:
        session = poll_session()
        with upgrade(session) as peer:
            peer.send(packet)
            assert peer.code() in (1005, "end")
        post(session, "4x")
        assert get(session).text == "4x"


def check_second_upgrade_is_accepted_and_closed():
    session = poll_session()
    with upgrade(session) as first, upgrade(session) as second:
        assert second.status == 101 and second.code() in (1005, "end")
        first.send("2probe")
        assert first.read() == "3probe"
        first.send("5")
        with upgrade(session) as third:
            assert third.status == 101 and third.code() in (1005, "end")
        first.send("4x")
        assert first.read() == "4x"


def check_dropped_upgrade_leaves_polling():
    session = poll_session()
    peer = upgrade(session)
    peer.send("2probe")
    peer.read()
    peer.close()
    post(session, "4x")
    assert get(session).text == "4x"


# Engine.IO 3


def check_old_polling_counts_utf16():
    session = old_session()
    text = "4\u20ac\U0001f600"
    assert post(session, "%d:%s" % (len(text.encode("utf-16-le")) // 2, text)).text == "ok"
    assert get(session).text == "4:4\u20ac\U0001f600"
    session = old_session()
    post(session, "%d:%s" % (len(text.encode()), text))
    refused(get(session), 1)


def check_old_bytes_in_text():
    session = old_session("&b64=1")
    post(session, "10:b4AQIDBA==")
    assert get(session).text == "10:b4AQIDBA=="


def check_old_bodies_of_bytes():
    session = old_session()
    body = bytes([0, 6, 0xFF]) + b"4hello" + bytes([1, 5, 0xFF, 4, 1, 2, 3, 4])
    answer = post(session, body, headers=[("Content-Type", "application/octet-stream")])
    assert answer.text == "ok"
    answer = get(session)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.body == body


def check_old_broken_payloads():
    for body in ["", "abc", "5:4x", "99999999999999999999:4x", "0:4x", "1:", ":4x", "-1:4"]:
        session = old_session()
        post(session, body)
        refused(get(session), 1)
    for body in [b"\0\xff", b"\0" + b"\x09" * 30 + b"\xff4", b"\x01\x01\xff", b"\x02\x01\xff4", b"\0\x05"]:
        session = old_session()
        post(session, body, headers=[("Content-Type", "application/octet-stream")])
        refused(get(session), 1)


def check_old_clients_ping():
    session = old_session()
    post(session, "1:2")
    assert get(session).text == "1:3"
    with ws_session(OLD, 3) as peer:
        peer.send("2hi")
        assert peer.read() == "3"
        peer.send(b"\x04\x01\x02")
        assert peer.read() == b"\x04\x01\x02"
        peer.send("3")
        assert peer.code() in (1005, "end")


def check_old_websocket_with_base64():
    with ws_session(OLD, 3, "&b64=1") as peer:
        peer.send("b4AQID")
        assert peer.read() == "b4AQID"


def check_script_polling():
    answer = get(OLD + "?EIO=3&transport=polling&j=alert(1)2")
    match = re.fullmatch(r'___eio\[12\]\("(.*)"\);', answer.text)
    sid = re.search(r'\\"sid\\":\\"([^\\]+)\\"', match.group(1)).group(1)
    session = OLD + "?EIO=3&transport=polling&j=12&sid=" + sid
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    assert post(session, "d=5%3A4a%5Cnb%E2%80%A8", headers=form).status == 200
    text = get(session).text
    assert text == '___eio[12]("5:4a\\nb\\u2028");', text


# Socket.IO


def check_connect():
    with ws_session(SIO) as peer:
        peer.send('40{"token":"123"}')
        opened = json.loads(peer.read()[2:])
        assert re.fullmatch(r"[A-Za-z0-9_-]{20}", opened["sid"])
        assert peer.read() == '42["auth",{"token":"123"}]'


def check_connect_to_a_namespace():
    for name in ["/custom", "/custom,"]:
        with ws_session(SIO) as peer:
            peer.send("40" + name)
            assert peer.read().startswith('40/custom,{"sid":"')
            assert peer.read() == '42/custom,["auth",{}]'
    with ws_session(SIO) as peer:
        peer.send('40/custom,{"a":"b"}')
        peer.read()
        assert peer.read() == '42/custom,["auth",{"a":"b"}]'


def check_unknown_namespace():
    with ws_session(SIO) as peer:
        peer.send("40/random")
        assert peer.read() == '44/random,{"message":"Invalid namespace"}'
        peer.send("40/custom?x=1")
        assert peer.read() == '44/custom?x=1,{"message":"Invalid namespace"}'
        peer.send("40")
        assert peer.read().startswith("40{")


def check_socket_id_is_not_the_engine_id():
    with ws(SIO + "?EIO=4&transport=websocket") as peer:
        engine = json.loads(peer.read()[1:])["sid"]
        peer.send("40")
        assert json.loads(peer.read()[2:])["sid"] != engine


def check_events_come_back():
    with sio() as peer:
        peer.send('42["message",1,"2",{"3":[true,null,1.5]}]')
        assert peer.read() == '42["message-back",1,"2",{"3":[true,null,1.5]}]'
        peer.send('42["message"]')
        assert peer.read() == '42["message-back"]'


def check_acknowledgement():
    with sio() as peer:
        peer.send('42456["message-with-ack",1,"2",{"3":[true]}]')
        assert peer.read() == '43456[1,"2",{"3":[true]}]'
        peer.send('42007["message-with-ack"]')
        assert peer.read() == "437[]"


def check_bytes():
    with sio() as peer:
        peer.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        peer.send(b"\x01\x02\x03")
        peer.send(b"\x04\x05\x06")
        assert peer.read() == '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        assert (peer.read(), peer.read()) == (b"\x01\x02\x03", b"\x04\x05\x06")
        peer.send('452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        peer.send(b"\x01\x02\x03")
        peer.send(b"\x04\x05\x06")
        assert peer.read() == '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        assert (peer.read(), peer.read()) == (b"\x01\x02\x03", b"\x04\x05\x06")


def check_one_attachment_twice_and_none_used():
    with sio() as peer:
        peer.send('451-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]')
        peer.send(b"\x01")
        assert peer.read().startswith("452-")
        peer.read(), peer.read()
        peer.send('451-["message",5]')
        peer.send(b"\x01")
        assert peer.read() == '42["message-back",5]'
        peer.send('450-["message",6]')
        assert peer.read() == '42["message-back",6]'
        peer.send('42["message",{"_placeholder":true,"num":0}]')
        assert peer.read() == '42["message-back",{"_placeholder":true,"num":0}]'


BAD = [
    "4", "4abc", "47", "42[", '42["message"', '42["message"]x', "42{}", '42"x"', "42[]", "42[null]",
    "42[true]", "42[{}]", "42[[]]", "40[]", "40null", '40"x"', '41["x"]', "43{}", '431{"a":1}',
    '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]',
    '42["newListener"]', '42["removeListener"]', '42["dis\\u0063onnect"]',
    '45["x"]', '45-["x"]', '45abc-["x"]', '45-1-["x"]', '4511-["x"]', '45999999999999999999-["x"]',
    '451e0-["x"]', '451.0-["x"]', '45 1-["x"]',
    '451-["x",{"_placeholder":true,"num":1}]', '451-["x",{"_placeholder":true,"num":-1}]',
    '451-["x",{"_placeholder":true,"num":"0"}]', '451-["x",{"_placeholder":true,"num":0.5}]',
    '451-["x",{"_placeholder":true}]', '451-["x",{"_placeholder":true,"num":"splice"}]',
    '42 ["x"]', '4299999999999999999999["x"]', '44{"message":"x"}', '42/unjoined,["x"]',
    '40', '41/unjoined', '42["x",01]', '42["x",+1]', '42["x",NaN]', '42["x",\'a\']', '42["x",]',
    '42["a\\x"]', '42["x",' + "[" * 10000 + "]" * 10000 + "]", '42["' + "x",
]


def check_malformed_packets_close_the_connection():
    for packet in BAD:
        with sio() as peer:
            peer.send(packet)
            if packet.startswith("451-"):
                try:
                    peer.send(b"\x01")
                except OSError:
                    pass
            assert peer.code() in (1005, "end"), packet[:60]


def check_text_or_bytes_at_the_wrong_time():
    with sio() as peer:
        peer.send(b"\x01")
        assert peer.code() in (1005, "end")
    with sio() as peer:
        peer.send('451-["message",{"_placeholder":true,"num":0}]')
        peer.send('42["message"]')
        assert peer.code() in (1005, "end")


def check_first_packet_must_be_connect():
    with ws_session(SIO) as peer:
        peer.send('42["message"]')
        assert peer.code() in (1005, "end")


def check_harmless_packets():
    with sio() as peer:
        for packet in ["42", "43", "43[]", "439[1]", "42[7]", '42["connection"]', '42["error",1]', '42["nobody listens"]']:
            peer.send(packet)
        peer.send('42["message","on"]')
        assert peer.read() == '42["message-back","on"]'


def check_leaving_a_namespace_keeps_the_connection():
    with sio() as peer:
        peer.send("40/custom")
        peer.read(), peer.read()
        peer.send("41")
        peer.send('42/custom,["message","a"]')
        assert peer.read() == '42/custom,["message-back","a"]'
        peer.send("40")
        assert peer.read().startswith("40{")
    with sio() as peer:
        peer.send("41")
        peer.send('42["message"]')
        assert peer.code() in (1005, "end")


def check_socketio_by_polling():
    session = poll_session(SIO)
    post(session, "40")
    text = get(session).text
    while "auth" not in text:
        text += "\x1e" + get(session).text
    assert text.startswith('40{"sid":"') and text.endswith('42["auth",{}]'), text
    post(session, '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]\x1ebAQIDBA==\x1ebAQIDBA==')
    assert get(session).text.endswith("bAQIDBA==\x1ebAQIDBA==")


def check_long_runs_are_read_in_linear_time():
    for body in ["45" + "1" * 900000, "42/" + "n" * 900000, "42" + "7" * 900000, '42["' + "\\u0041" * 150000 + '"]']:
        with sio() as peer:
            start = time.time()
            peer.send(body)
            try:
                peer.silent(0.3)
            except (Closed, OSError, AssertionError):
                pass
            assert time.time() - start < 30


def check_unicode_and_controls():
    with sio() as peer:
        peer.send('42["message","\\u0000\\u001e\\ud83d\\ude00\\ud800 \\"\\\\/"]')
        assert json.loads(peer.read()[2:]) == ["message-back", "\x00\x1e\U0001f600\ufffd \"\\/"]


def check_numbers():
    with sio() as peer:
        peer.send('42["message",1.0,1e21,-0.5,9007199254740991,1e400,12345678901234567890]')
        got = peer.read()
        assert got.startswith('42["message-back",1,'), got
        json.loads(got[2:])


def check_too_many_namespaces_of_one_connection():
    with sio() as peer:
        for number in range(3000):
            peer.send("40/none-%d," % number)
        peer.send('42["message","still"]')
        last = ""
        while not last.startswith("42"):
            last = peer.read()
            if last == "2":
                peer.send("3")


checks(globals())
