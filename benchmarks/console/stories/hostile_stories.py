"""Pages of other sites, and texts that would run a script: nothing of it works in a real browser."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from benchmarks.console.stories.actions import add_plugin, trigger_and_read_the_chain
from tests.support.sandbox.hostile_text import HOSTILE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Dialog

    from benchmarks.console.browser import OpenConsole


@contextmanager
def other_site(html: str) -> Iterator[str]:
    """A web server that serves one page, on another port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://attacker.localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def open_attack(console: OpenConsole, html: str) -> None:
    """Open a page of another site in the browser that is logged in, and give it time."""
    page = console.context.new_page()
    with other_site(html) as address:
        page.goto(address)
        page.wait_for_timeout(500)
        page.close()


def is_enabled(console: OpenConsole, name: str) -> bool:
    """Whether a plugin is enabled."""
    sandbox = console.sandbox
    found = sandbox.call("GET", f"/settings/v2/plugins/{name}", token=sandbox.token())
    return bool(found.body["enabledState"] == "ENABLED")


def a_form_of_another_site_changes_nothing(console: OpenConsole) -> None:
    """It submits itself, without the cookie and without the token."""
    add_plugin(console, "target")
    action = f"{console.sandbox.base_url}/console/plugins/target/state"
    field = '<input name="enabledState" value="DISABLED"><input name="formToken" value="x">'
    html = f'<form method="post" action="{action}">{field}</form><script>document.forms[0].submit()</script>'
    open_attack(console, html)
    assert is_enabled(console, "target")


def a_fetch_of_another_site_reads_and_changes_nothing(console: OpenConsole) -> None:
    """Neither with credentials nor without them."""
    add_plugin(console, "target")
    base = console.sandbox.base_url
    html = f"""<title>nothing</title><script>
      for (const credentials of ["include", "omit"]) {{
        fetch("{base}/console/plugins", {{ credentials }}).then((r) => r.text()).then((t) => document.title = t);
        fetch("{base}/console/plugins/target/state",
          {{ method: "POST", mode: "no-cors", credentials, body: new URLSearchParams("enabledState=DISABLED") }});
      }}
      const source = new EventSource("{base}/console/activity/live", {{ withCredentials: true }});
      source.onopen = () => document.title = "read";
    </script>"""
    page = console.context.new_page()
    with other_site(html) as address:
        page.goto(address)
        page.wait_for_timeout(500)
        assert page.title() == "nothing"
        page.close()
    assert is_enabled(console, "target")


def a_frame_of_another_site_is_empty(console: OpenConsole) -> None:
    """No site can show the console inside of its own page."""
    page = console.context.new_page()
    with other_site(f'<iframe src="{console.sandbox.base_url}/console/plugins"></iframe>') as address:
        page.goto(address)
        page.wait_for_timeout(300)
        assert "Plugin Configuration" not in page.frames[-1].content()
        page.close()


def a_second_name_of_this_machine_is_refused(console: OpenConsole) -> None:
    """A host name that leads to this machine, as in DNS rebinding, gets no page."""
    port = console.sandbox.base_url.rpartition(":")[2]
    page = console.context.new_page()
    response = page.goto(f"http://rebound.localhost:{port}/console/plugins")
    assert response is not None
    assert response.status == 403
    page.close()


def hostile_texts_run_nothing(console: OpenConsole) -> None:
    """200 texts as names of patients and of plugins: no dialog, no request to elsewhere, no report of the policy."""
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page, sandbox = console.page, console.sandbox
    page.on("dialog", note)
    token = sandbox.admin_token()
    for start in range(0, len(HOSTILE_TEXTS), 25):
        texts = list(HOSTILE_TEXTS[start : start + 25])
        for number in range(start, start + len(texts), 2):
            text = " ".join(HOSTILE_TEXTS[number : number + 2])
            add_plugin(console, f"hostile-{number}", displayName=text, environmentVariables={"TEXT": text})
        sandbox.call("POST", "/organization/v1/users/patients/templates/patient", token=token, body={"_name": texts})
        for path in ("/activity", f"/activity/{start // 25 + 1}", "/plugins", f"/plugins/hostile-{start}"):
            console.go(path)
            page.wait_for_timeout(50)
    assert dialogs == []


def an_opened_message_runs_nothing(console: OpenConsole) -> None:
    """A message that is HTML opens as text."""
    trigger_and_read_the_chain(console)
    sandbox = console.sandbox
    body = b"<script>document.title = 'run'</script>"
    sandbox.call("POST", "/device/v2/devices", token=sandbox.admin_token(), body=body)
    console.go("/activity/2/message/request")
    assert console.page.title() != "run"
    assert console.page.locator("script").count() == 0


HOSTILE_STORIES = (
    a_form_of_another_site_changes_nothing,
    a_fetch_of_another_site_reads_and_changes_nothing,
    a_frame_of_another_site_is_empty,
    a_second_name_of_this_machine_is_refused,
    hostile_texts_run_nothing,
    an_opened_message_runs_nothing,
)
