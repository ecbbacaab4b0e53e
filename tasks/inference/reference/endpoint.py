"""`/metrics` on loopback, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from problem import cannot

from metrics import CONTENT_TYPE, Metrics


@contextmanager
def endpoint(metrics: Metrics, port: int) -> Iterator[str]:
    """Its address, for as long as it answers; port 0 is any. Throws a Problem when the port can't be had."""

    class Handler(BaseHTTPRequestHandler):
        # Whoever asks and then says nothing must not hold a thread for ever.
        timeout = 10

        def do_GET(self) -> None:
            if self.path.split("?")[0] == "/metrics":
                self._answer(200, CONTENT_TYPE, metrics.text())
            else:
                self._answer(404, "text/plain; charset=utf-8", "There is only /metrics here.\n")

        do_HEAD = do_GET

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A scrape every few seconds is no news."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise cannot("serve metrics", "METRICS_PORT", "a port that is free", f"{port} ({error.strerror})") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
