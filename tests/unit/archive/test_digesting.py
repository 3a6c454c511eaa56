"""The digest of a file that is being written: the same as of the whole, however many blocks it comes in."""

from __future__ import annotations

import hashlib
import threading

import pytest

from builder.archive.digesting import BlockDigest


@pytest.mark.parametrize("blocks", [0, 1, 2, 7])
@pytest.mark.parametrize("rest", [0, 5, 64])
def test_blocks_in_order_give_the_digest_of_the_whole(blocks: int, rest: int) -> None:
    content = bytes(number % 251 for number in range(blocks * 64 + rest))
    digest, block, fill = BlockDigest(), memoryview(bytearray(64)), 0
    for byte in content:
        if fill == len(block):
            block, fill = digest.take(block), 0
        block[fill] = byte
        fill += 1
    assert digest.finish(block[:fill]) == hashlib.sha256(content).hexdigest()


def test_no_thread_is_left_when_writing_stops_half_way() -> None:
    before = threading.active_count()
    digest = BlockDigest()
    block = digest.take(memoryview(bytearray(64)))
    digest.take(block)
    assert threading.active_count() == before + 1
    digest.close()
    assert threading.active_count() == before
