"""The text of docs/console.md: how to repeat the run, and what other tools' screens do better."""

from __future__ import annotations

COMPARISON = """
## Compared with Inngest's Dev Server and with Mailpit

Compared with what both publish about their screens: Inngest's
[Dev Server](https://www.inngest.com/docs/dev-server) and its
[traces](https://www.inngest.com/docs/platform/monitor/traces), and Mailpit's
[README](https://github.com/axllent/mailpit) with its
[search filters](https://mailpit.axllent.org/docs/usage/search-filters/).

What they still do better:

- **Inngest shows list and detail side by side.** Its run has a timeline on the left and the chosen
  step on the right, with a divider that can be moved; one can drag over a part of the timeline to
  enlarge it. Here a call is a page of its own, and its waterfall has one size.
- **Inngest splits the time of a step** into queue, connection and server, and shows each retry as a
  bar. Here a bar has only the initialisation and the rest.
- **Inngest offers its runs to coding agents** through an MCP server. Here there are commands with
  `--json`.
- **Mailpit's search is a language** (`tag:`, `has:`, `before:`, and `!` for not) in one box, and
  it has tags and browser notifications. Here the search box finds text, and five fields filter.
- **Mailpit marks what one has not read.**
- **Both can be installed as one binary** without Python.

What this console does that neither of them does: it compares any two points of a call, and two
runs, as structures; it says why a plugin was not called; it makes fixtures without any value of a
patient; every page works without scripts; and only a browser that opened the printed address can
use it. Inngest's server allows every Origin, and Mailpit listens on all interfaces
by default.

## Left alone

- The editors of Data, and of a call that is replayed, are plain fields; only that of the playground
  shows mistakes while one types.
- Recorded bodies above 1.1 MB are cut, so that they cannot be compared.
- The first paint is measured with a browser that has the stylesheet from the page before.
"""
