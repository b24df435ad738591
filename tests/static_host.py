"""A static host: serves the files of a folder, whole or in parts, and counts what it sends."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Host:
    """A host that is running.

    Attributes
    ----------
    address
        Of the folder.
    sent
        Path and bytes of each body that was sent.
    """

    address: str
    sent: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def hosting(folder: Path, *, parts: bool = True) -> Iterator[Host]:
    """Serve a folder; without `parts`, files only whole, as ``python -m http.server`` does."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            path = Path(self.translate_path(self.path))
            path = path / "index.html" if path.is_dir() else path
            if not path.is_file():
                self.send_error(404)
                return
            data, status = path.read_bytes(), 200
            size = len(data)
            asked = _RANGE.fullmatch(self.headers.get("Range", "")) if parts else None
            if asked:
                first, last = asked.groups()
                start = int(first) if first else max(0, size - int(last))
                data, status = data[start : int(last) + 1 if first and last else size], 206
            self.send_response(status)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Length", str(len(data)))
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{size}")
            self.end_headers()
            self.wfile.write(data)
            host.sent.append((self.path, len(data)))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = Host(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
