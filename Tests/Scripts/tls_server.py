#!/usr/bin/env python3
"""Servers behind TLS that behave as told, one a SPEC, each on a port of 127.0.0.1 of its own.

usage: tls_server.py SPEC...
A SPEC is BEHAVIOUR,CERTIFICATE,KEY[,CONTENT-TYPE,BODY-FILE]. The first line of output is "listening PORT PORT …", in
the order of the specs; the program runs until its input ends. The behaviours:
  protocol      answers with the name of the HTTP version that was agreed on, over HTTP/2 or HTTP/1.1
  goaway        HTTP/2: takes a request and goes away without an answer
  goaway-body   HTTP/2: sends the head and BODY-FILE, and goes away before the end
"""
import socket
import ssl
import struct
import sys
import threading

DATA, HEADERS, SETTINGS, PING, GOAWAY = 0, 1, 4, 6, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def head(content_type):
    """Status 200 and the content type, in HPACK without compression (RFC 7541 §6.2.2; 31 is content-type)."""
    return b"\x88\x0f\x10" + bytes([len(content_type)]) + content_type.encode()


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def next_request(connection):
    """Reads frames up to the end of a request; its stream."""
    while True:
        start = read_exactly(connection, 9)
        payload = read_exactly(connection, int.from_bytes(start[:3], "big"))
        kind, flags, stream = start[3], start[4], int.from_bytes(start[5:9], "big") & 0x7FFFFFFF
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            connection.sendall(frame(PING, ACK, 0, payload))
        elif kind in (DATA, HEADERS) and flags & END_STREAM:
            return stream


def serve_http2(connection, behaviour, content_type, body):
    read_exactly(connection, len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    connection.sendall(frame(SETTINGS, 0, 0))
    while True:
        stream = next_request(connection)
        if behaviour == "protocol":
            connection.sendall(frame(HEADERS, END_HEADERS, stream, head("text/plain")))
            connection.sendall(frame(DATA, END_STREAM, stream, b"h2"))
            continue
        if behaviour == "goaway-body":
            connection.sendall(frame(HEADERS, END_HEADERS, stream, head(content_type)))
            for start in range(0, len(body), 4096):
                connection.sendall(frame(DATA, 0, stream, body[start:start + 4096]))
        # The last stream it took, and that nothing is wrong: a server that is restarted says so.
        connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0)))
        return


def serve_http1(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return
        data += piece
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nhttp/1.1")


def serve(raw, context, behaviour, content_type, body):
    try:
        with context.wrap_socket(raw, server_side=True) as connection:
            if connection.selected_alpn_protocol() == "h2":
                serve_http2(connection, behaviour, content_type, body)
            else:
                serve_http1(connection)
            connection.unwrap()
    except (OSError, EOFError):
        raw.close()


def listen(spec):
    behaviour, certificate, key, *answer = spec.split(",")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    content_type, body = "text/plain", b""
    if answer:
        content_type = answer[0]
        with open(answer[1], "rb") as file:
            body = file.read()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            raw, _ = listener.accept()
            arguments = (raw, context, behaviour, content_type, body)
            threading.Thread(target=serve, args=arguments, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


print("listening", *[listen(spec) for spec in sys.argv[1:]], flush=True)
sys.stdin.read()
