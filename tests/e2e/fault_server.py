# SPDX-License-Identifier: Apache-2.0
"""SMTP servers that fail in one way each, on loopback addresses of their own."""
import socket
import ssl
import threading


class FaultServer(threading.Thread):
    """kind: hang, drop, busy, plain, badcert, grey, good"""

    def __init__(self, kind, address, certificate):
        super().__init__(daemon=True)
        self.kind, self.certificate = kind, certificate
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            with peer:
                peer.settimeout(60)
                self.talk(peer)
        except OSError:
            pass

    def talk(self, peer):
        if self.kind == "busy":
            peer.sendall(b"421 4.3.2 mx.fault.example Service not available\r\n")
            return
        peer.sendall(b"220 mx.fault.example ESMTP\r\n")
        lines = peer.makefile("rb")
        for line in lines:
            verb = line.split(b" ")[0].strip().upper()
            if verb in (b"EHLO", b"HELO"):
                if self.kind == "hang":
                    for _ in lines:  # answers nothing until the client goes
                        pass
                    return
                peer.sendall(b"250-mx.fault.example\r\n250-STARTTLS\r\n250 SIZE\r\n" if self.kind == "badcert"
                             else b"250-mx.fault.example\r\n250 SIZE\r\n")
            elif verb == b"STARTTLS" and self.kind == "badcert":
                peer.sendall(b"220 go on\r\n")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                peer = context.wrap_socket(peer, server_side=True)
                lines = peer.makefile("rb")
                self.after_tls(peer, lines)
                return
            elif verb == b"MAIL" and self.kind == "drop":
                return
            elif verb == b"RCPT" and self.kind == "grey":
                peer.sendall(b"450 4.2.0 Greylisted, come back in five minutes\r\n")
            elif verb == b"DATA":
                peer.sendall(b"354 go on\r\n")
                while lines.readline().rstrip() not in (b".", b""):
                    pass
                peer.sendall(b"250 2.0.0 Ok\r\n")
            elif verb == b"QUIT":
                peer.sendall(b"221 2.0.0 bye\r\n")
                return
            else:
                peer.sendall(b"250 2.0.0 Ok\r\n")

    @staticmethod
    def after_tls(peer, lines):
        for line in lines:
            peer.sendall(b"221 2.0.0 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 2.0.0 Ok\r\n")


def closed_port(address):
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]
