"""The formulas of the site, typeset during the build by a KaTeX server, which needs Node.js."""

import shutil
import socket
import time
from subprocess import PIPE, Popen

from sphinxcontrib import katex

PAUSE, PATIENCE = 0.01, 60.0  # seconds


def require_node(app):
    """Raise an error if formulas would silently remain TeX."""
    if shutil.which("node") is None:
        raise RuntimeError("expected Node.js on the path, which sets the formulas; found no `node`: install it")
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True


def start_server(cls, rundir, timeout):
    """Start the server, wait until it listens, and return its process and a socket to it.

    The extension's own tries once, as soon as the socket's file is there. On a busy machine that is too early; then the
    build fails, and leaves behind a server that never ends.
    """
    path, deadline = rundir / "katex.sock", time.monotonic() + timeout
    process = Popen(cls.build_command(socket=path), stdin=PIPE, stdout=PIPE, cwd=rundir)
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > deadline:
                process.kill()
                raise
            time.sleep(PAUSE)


def setup(app):
    """Check that formulas can be typeset, once a build has really begun."""
    if hasattr(socket, "AF_UNIX"):
        katex.KaTeXServer.start_server_process = classmethod(start_server)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = PATIENCE
    app.connect("builder-inited", require_node)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
