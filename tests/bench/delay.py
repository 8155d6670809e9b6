"""A TCP proxy that holds every byte back, so that loopback has the round trip of a real network.

It runs as a process of its own (`python delay.py PORT TO_PORT MILLISECONDS`). A connection's first bytes wait
one round trip more, which is what its handshake would have taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

CHUNK = 256 * 1024


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, first: float
) -> None:
    """Every chunk `delay` seconds after it came, whatever is still on its way."""
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, chunk = await on_the_way.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    delivery = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            on_the_way.put_nowait((time.monotonic() + delay + first, chunk))
            first = 0.0
    on_the_way.put_nowait((time.monotonic() + delay, b""))
    with contextlib.suppress(OSError, RuntimeError):
        await delivery


async def _serve(port: int, to_port: int, round_trip: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to_port)
        await asyncio.gather(
            _pass_on(reader, far_writer, round_trip / 2, round_trip),
            _pass_on(far_reader, writer, round_trip / 2, 0.0),
        )
        for end in (writer, far_writer):
            end.close()

    async with await asyncio.start_server(connected, "127.0.0.1", port, limit=CHUNK) as server:
        print("ready", flush=True)
        await server.serve_forever()


@contextlib.contextmanager
def delayed(port: int, to_port: int, milliseconds: int) -> Iterator[str]:
    """`to_port` at `port`, so many milliseconds of round trip away; the address there."""
    proxy = subprocess.Popen(
        [sys.executable, __file__, str(port), str(to_port), str(milliseconds)], stdout=subprocess.PIPE
    )
    try:
        assert proxy.stdout is not None
        if proxy.stdout.readline() != b"ready\n":
            raise OSError(f"no proxy on port {port}")
        yield f"https://127.0.0.1:{port}/simple/"
    finally:
        proxy.terminate()
        proxy.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000))
