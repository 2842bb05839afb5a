# pyright: basic
# `distributed` has no types.
"""A scheduler or a worker of a cluster as a process of its own.

`cluster_process.py scheduler PROTOCOL [CA CERTIFICATE]` prints its address;
`cluster_process.py worker ADDRESS [CA CERTIFICATE]` ends with its scheduler. A certificate's file
holds its key, too.
"""

import asyncio
import sys
import tempfile

from distributed import Scheduler, Security, Worker


def security(files: list[str]) -> Security:
    if not files:
        return Security(require_encryption=False)
    authority, certificate = files
    return Security(
        require_encryption=True,
        tls_ca_file=authority,
        tls_scheduler_cert=certificate,
        tls_scheduler_key=certificate,
        tls_worker_cert=certificate,
        tls_worker_key=certificate,
    )


async def main(what: str, where: str, *files: str) -> None:
    common = {"host": "127.0.0.1", "security": security(list(files))}
    if what == "scheduler":
        async with Scheduler(
            port=0, protocol=where, dashboard=False, dashboard_address="127.0.0.1:0", **common
        ) as it:
            print(it.address, flush=True)
            await it.finished()
    else:
        with tempfile.TemporaryDirectory() as folder:
            async with Worker(
                where, nthreads=4, dashboard=False, local_directory=folder, **common
            ) as it:
                await it.finished()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
