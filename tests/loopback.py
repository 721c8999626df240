"""Servers for tests, on loopback and a free port: a publisher's site with faults, and a stand-in for the hub."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve until the end of the block; give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def hang_up(self, status: int, body: bytes, after: int, **headers: str) -> None:
        """Promise a body and break off the connection after some bytes of it."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[:after])
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def faulty_site(files: dict[str, bytes], faults: list[object]) -> type[Quiet]:
    """Return a handler for files whose next answers are faults.

    A fault is a status, ``("cut", n)`` to hang up after n bytes, or a function of the handler, the body and the byte
    that was asked for.

    The list `requests` of the class notes (path, Range) of every request.
    """

    class Handler(Quiet):
        requests: list[tuple[str, str | None]] = []  # noqa: RUF012

        def do_GET(self) -> None:
            self.requests.append((self.path, self.headers.get("Range")))
            fault = faults.pop(0) if faults else None
            if isinstance(fault, int):
                return self.reply(fault, b"no")
            body = files.get(self.path)
            if body is None:
                return self.reply(404)
            start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].rstrip("-"))
            if callable(fault):
                return fault(self, body, start)
            if start >= len(body) > 0:
                return self.reply(416, Content_Range=f"bytes */{len(body)}")
            headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
            if isinstance(fault, tuple):
                return self.hang_up(206 if start else 200, body[start:], fault[1], **headers)
            return self.reply(206 if start else 200, body[start:], **headers)

    return Handler


def stand_in_hub(root: Path, repository: str, kind: str = "datasets") -> type[Quiet]:
    """Return a handler that answers for one repository of the hub from a folder, with the hub's own paths."""
    prefix = f"{kind}/{repository}" if kind == "datasets" else repository
    revision = "a" * 40
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())

    class Handler(Quiet):
        requests: list[str] = []  # noqa: RUF012

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked = json.loads(self.rfile.read(length) or b"{}").get("paths", [])
            self.reply(200, json.dumps([entry(name) for name in names if name in asked]).encode(),
                       Content_Type="application/json")

        def do_GET(self) -> None:
            path = self.path.split("?")[0].strip("/")
            self.requests.append(path)
            if path.startswith(f"{prefix}/resolve/"):
                return self.file(path.removeprefix(f"{prefix}/resolve/").split("/", 1)[1])
            if path.startswith(f"api/{kind}/{repository}/tree/"):
                return self.json(listing("/".join(path.removeprefix(f"api/{kind}/{repository}/tree/").split("/")[1:])))
            if path.split("/revision/")[0] == f"api/{kind}/{repository}":
                return self.json({"id": repository, "sha": revision, "private": False, "gated": False,
                                  "disabled": False, "tags": [], "siblings": [{"rfilename": name} for name in names]})
            return self.reply(404, b"{}", Content_Type="application/json")

        def json(self, value: object) -> None:
            self.reply(200, json.dumps(value).encode(), Content_Type="application/json")

        def file(self, name: str) -> None:
            if name not in names:
                return self.reply(404, X_Error_Code="EntryNotFound")
            return self.reply(200, (root / name).read_bytes(), ETag=f'"{name}"', X_Repo_Commit=revision)

    def listing(folder: str) -> list[dict[str, object]]:
        below = [name.removeprefix(f"{folder}/") for name in names if not folder or name.startswith(f"{folder}/")]
        inside = {f"{folder}/{name.split('/')[0]}".strip("/"): "/" in name for name in below}
        return [{"type": "directory", "path": name, "size": 0, "oid": name} if is_folder else entry(name)
                for name, is_folder in inside.items()]

    def entry(name: str) -> dict[str, object]:
        return {"type": "file", "path": name, "size": (root / name).stat().st_size, "oid": name}

    return Handler


def faulty_hub(repositories: dict[str, tuple[Path, dict[str, list[object]]]]) -> type[Quiet]:
    """Return a hub of models from folders, each with faults by the end of a path: ``"api"`` or a file's name.

    A fault is a status, ``("cut", n)`` to hang up after n bytes, or bytes to send in place of the file's; answers use
    them up one by one, and the last one stays where it stands behind an ellipsis. As the hub does, an ETag is a
    SHA-256 for weights and git's hash for other files.
    """
    hubs = {name: stand_in_hub(root, name, "models") for name, (root, _) in repositories.items()}

    class Handler(Quiet):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            name = next((name for name in repositories if f"/{name}" in self.path), None)
            if name is None:
                return self.reply(404, b"{}", X_Error_Code="RepoNotFound")
            path = self.path.split("?")[0]
            part = "api" if path == f"/api/models/{name}" else path.rpartition("/")[2]
            fault = next_fault(repositories[name][1].get(part, []))
            if isinstance(fault, int):
                lost = "RepoNotFound" if part == "api" else "EntryNotFound"
                code = {401: lost, 403: "GatedRepo", 404: lost}.get(fault, "")
                return self.reply(fault, b"{}", Content_Type="application/json", X_Error_Code=code)
            self.root, self.fault = repositories[name][0], fault
            hubs[name].do_GET(self)
            return None

        requests: list[str] = []  # noqa: RUF012
        json = next(iter(hubs.values())).json

        def file(self, name: str) -> None:
            if not (self.root / name).is_file():
                return self.reply(404, X_Error_Code="EntryNotFound")
            body = (self.root / name).read_bytes()
            weights = name.endswith((".safetensors", ".bin"))
            digest = hashlib.sha256(body) if weights else hashlib.sha1(f"blob {len(body)}\0".encode() + body)
            headers = {"ETag": f'"{digest.hexdigest()}"', "X_Repo_Commit": "a" * 40}
            if isinstance(self.fault, tuple) and self.command == "GET":
                return self.hang_up(200, body, self.fault[1], **headers)
            return self.reply(200, self.fault if isinstance(self.fault, bytes) else body, **headers)

    return Handler


def next_fault(faults: list[object]) -> object:
    """Take the next fault; the last one stays where an ellipsis stands before it."""
    if not faults:
        return None
    return faults[1] if faults[0] is ... else faults.pop(0)
