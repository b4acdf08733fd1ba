"""A web server on this machine, so that downloads are tested without a network."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Site:
    """Answers each path in `pages`; `spare` bytes more are announced than sent."""

    def __init__(self, pages, spare=0, announce=True):
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                content = pages.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                if announce:
                    self.send_header("Content-Length", str(len(content) + spare))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def serve(monkeypatch):
    """Return a function that opens a Site; all are closed at the end."""
    monkeypatch.setenv("no_proxy", "*")
    sites = []

    def open_site(pages, **settings):
        sites.append(Site(pages, **settings))
        return sites[-1]

    yield open_site
    for site in sites:
        site.close()
