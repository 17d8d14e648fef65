"""Prints how a large pool fares on the fake engine, with what is aimed at; see tests/bench/run."""

import sys

from bench.scale import ScaledHost

HOSTS = 63  # beside the daemon's own
VMS = 5000
DEVICES = 20000  # disks with VBDs, and as many VIFs
MESSAGES = 10000  # as many as are kept, so that new ones take the place of old ones
ROUNDS = 5
PARKED = 1000
CYCLES = 100000


def line(what, value, aim=""):
    print(f"{what:<44}{value:>14}   {aim}".rstrip(), flush=True)


def best(host, method, *params):
    """Milliseconds and bytes of the best of a few calls."""
    seconds, size = min(host.timed_call(method, *params) for _ in range(ROUNDS))
    return seconds * 1000, size


def report_answers(host):
    spent, size = best(host, "VM.get_all_records")
    line("VM.get_all_records", f"{spent:.0f} ms", "below 100 ms")
    line("  bytes of the answer", f"{size:,}")
    spent, size = best(host, "event.from", ["*"], "", 0.0)
    line("first event.from, all classes", f"{spent:.0f} ms", "below 300 ms")
    line("  bytes of the answer", f"{size:,}")


def report_parked(host, vm):
    before = host.settled_memory()
    parked = host.park(vm, PARKED)
    line(f"{PARKED:,} parked event.from calls", f"{host.settled_memory() - before:.1f} MiB",
         "below 40 MiB")
    host.release(vm, parked)


def report_cycles(host, vm):
    host.cycle(vm, MESSAGES)  # until the messages are those of the cycles, which are longer
    before = host.settled_memory()
    host.cycle(vm, CYCLES)
    line(f"growth over {CYCLES:,} starts and stops", f"{host.settled_memory() - before:.1f} MiB",
         "none")


def main():
    host = ScaledHost("scale", HOSTS, VMS, DEVICES, MESSAGES)
    try:
        line("objects in the store", f"{host.objects:,}")
        line("start-up, to the first answer", f"{host.start_seconds:.2f} s", "below 2 s")
        line("memory", f"{host.settled_memory():.0f} MiB")
        vm = host.create_vm()
        report_answers(host)
        report_parked(host, vm)
        report_cycles(host, vm)
    finally:
        host.close()


if __name__ == "__main__":
    sys.exit(main())
