"""Measures Clearwater and libvirt in turns and prints a table; see tests/bench/run."""

import statistics
import subprocess
import sys

from peers import STATE, Clearwater, Libvirt, add_accounts, hide_kvm, measure_floor, run_bench

START_ROUNDS = 9
EVENT_ROUNDS = 3
EVENTS = 10  # pauses in each round
READ_ROUNDS = 5
LIST_ROUNDS = 5
LISTS = 3  # in each round
MANY = 1000


class Table:
    """One line a measure: ours, libvirt's, the ratio and what it should be."""

    LAYOUT = "{:<34} {:>14} {:>14} {:>9}   {}"

    def __init__(self, version):
        self.version = version

    def head(self):
        print(self.LAYOUT.format("median of all rounds", "clearwater", f"libvirt {self.version}",
                                 "ratio", "aim"))

    def line(self, what, form, ours, theirs, aim="", more_is_better=False):
        """The ratio says how many times better ours is."""
        ratio = ours / theirs if more_is_better else theirs / ours
        print(self.LAYOUT.format(what, form.format(ours), form.format(theirs), f"{ratio:.1f}",
                                 aim), flush=True)

    def note(self, what, value):
        print(self.LAYOUT.format(what, value, "", "", "").rstrip(), flush=True)


def in_turns(rounds, *measures):
    """Calls each measure once a round; returns all lines of each."""
    lines = [[] for _ in measures]
    for _ in range(rounds):
        for collected, measure in zip(lines, measures):
            collected.extend(measure())
    return lines


def medians(lines):
    """The median of each column."""
    return [statistics.median(column) for column in zip(*lines)]


def compare_start(table, ours, theirs):
    def floor():
        return measure_floor(theirs.images)

    in_turns(1, floor, *(lambda peer=peer: peer.measure("start") for peer in (ours, theirs)))
    floor_ms, our_ms, their_ms = (
        medians(lines)[0] for lines in in_turns(
            START_ROUNDS, floor, lambda: ours.measure("start"), lambda: theirs.measure("start")))
    table.note("QEMU alone, exec to running", f"{floor_ms:.1f} ms")
    table.line("start of a VM, call to running", "{:.1f} ms", our_ms, their_ms)
    table.line("  of that overhead, without QEMU", "{:.1f} ms", our_ms - floor_ms,
               their_ms - floor_ms, "at least 2")


def compare_events(table, ours, theirs):
    our_ms, their_ms = (medians(lines)[0] for lines in in_turns(
        EVENT_ROUNDS, lambda: ours.measure("event", EVENTS),
        lambda: theirs.measure("event", EVENTS)))
    table.line("pause call to waiting client", "{:.2f} ms", our_ms, their_ms)


def compare_reads(table, ours, theirs):
    floor_rate, our_rate, their_rate = (medians(lines)[0] for lines in in_turns(
        READ_ROUNDS, lambda: run_bench("bench_socket"), lambda: ours.measure("read"),
        lambda: theirs.measure("read")))
    table.note("socket alone, round trips a second", f"{floor_rate:,.0f}")
    table.line("trivial reads a second", "{:,.0f}", our_rate, their_rate, "at least 5", True)


def compare_lists(table, ours, theirs):
    our_list, their_list = (medians(lines) for lines in in_turns(
        LIST_ROUNDS, lambda: ours.measure("list", LISTS), lambda: theirs.measure("list", LISTS)))
    table.line(f"list {MANY:,} VMs with all fields", "{:.1f} ms", our_list[0], their_list[0],
               "at least 10")
    table.line("  bytes of the answer", "{:,.0f}", our_list[1], their_list[1])
    table.line("  VMs in it (ours: templates too)", "{:.0f}", our_list[2], their_list[2])


def compare_memory(table, when, ours, theirs, aim=""):
    (our_rss, our_pss), (their_rss, their_pss) = ours.memory(), theirs.memory()
    mib = 1 << 20
    table.line(f"memory {when}, RSS", "{:.1f} MiB", our_rss / mib, their_rss / mib, aim)
    table.line(f"memory {when}, PSS", "{:.1f} MiB", our_pss / mib, their_pss / mib)


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    STATE.mkdir(parents=True, exist_ok=True)
    add_accounts()
    hide_kvm()
    theirs = Libvirt()
    ours = Clearwater()
    table = Table(theirs.version())
    table.head()
    try:
        compare_memory(table, "idle", ours, theirs)
        ours.define_started()
        theirs.define_started()
        compare_start(table, ours, theirs)
        compare_events(table, ours, theirs)
        compare_reads(table, ours, theirs)
        ours.define_many(MANY)
        theirs.define_many(MANY)
        compare_lists(table, ours, theirs)
        compare_memory(table, f"{MANY:,} VMs", ours, theirs, "ours below 30 MiB")
    finally:
        ours.close()
        theirs.close()


if __name__ == "__main__":
    sys.exit(main())
