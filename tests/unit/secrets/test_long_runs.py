from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.secrets.format_definition import RUN_BYTES, SHORTEST_RUN
from builder.secrets.secret_scan import _long_runs

PIECES = st.one_of(
    st.binary(max_size=9),
    st.integers(SHORTEST_RUN - 3, SHORTEST_RUN * 2 + 3).map(lambda length: RUN_BYTES[:length]),
    st.sampled_from([b"\0", b" ", b"\n", b"a"]),
)


def by_hand(text: bytes) -> list[bytes]:
    runs, run = [], b""
    for byte in [*text, 0]:
        if byte in RUN_BYTES:
            run += bytes([byte])
            continue
        runs.append(run)
        run = b""
    return [run for run in runs if len(run) >= SHORTEST_RUN]


@given(pieces=st.lists(PIECES, max_size=30), head=st.sampled_from([b"", b"\0"]))
def test_every_long_run_is_found_in_text_and_in_binary_files(pieces: list[bytes], head: bytes) -> None:
    """What is passed over in steps holds no run that is long enough to be a secret."""
    text = head + b"".join(pieces)

    assert list(_long_runs(text)) == by_hand(text)
