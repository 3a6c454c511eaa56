"""``tox -e console``: uses the console in a real browser, and writes docs/console.md with screenshots."""
