"""Measures Clearwater and libvirt in turns and prints a table; see tests/bench/run."""

import statistics
import subprocess
import sys

from functional.lib import wait
from peers import STATE, Clearwater, Libvirt, add_accounts, hide_kvm, measure_floor, run_bench

START_ROUNDS = 9
EVENT_ROUNDS = 3
EVENTS = 10  # pauses in each round
READ_ROUNDS = 5
LIST_ROUNDS = 5
LISTS = 3  # in each round
MANY = 1000
PAUSE = 0.5  # seconds before each measure, for the kernel to clear the last one's guest away


class Series:
    """What all rounds of one measure gave. The median says what to expect on this machine as it
    is, the best what a program costs when nothing else disturbs it."""

    def __init__(self, values, more_is_better=False):
        self.median = statistics.median(values)
        self.best = max(values) if more_is_better else min(values)
        self.more_is_better = more_is_better

    def minus(self, other):
        result = Series([self.best - other.best])
        result.median = self.median - other.median
        return result


class Table:
    """One line a measure: ours, libvirt's and how many times better ours is, by the medians and
    by the best; and what the ratio should be."""

    LAYOUT = "{:<32}{:>12} {:>14}{:>7}   {:>12} {:>14}{:>7}   {}"

    def __init__(self, version):
        self.version = version

    def head(self):
        libvirt = f"libvirt {self.version}"
        print(self.LAYOUT.format("", "median: ours", libvirt, "ratio", "best: ours", libvirt, "ratio",
                                 "aim"))

    def line(self, what, form, ours, theirs, aim=""):
        def ratio(mine, other):
            if mine <= 0:
                return "noise"
            return f"{mine / other if ours.more_is_better else other / mine:.1f}"

        print(self.LAYOUT.format(
            what, form.format(ours.median), form.format(theirs.median),
            ratio(ours.median, theirs.median), form.format(ours.best), form.format(theirs.best),
            ratio(ours.best, theirs.best), aim).rstrip(), flush=True)

    def note(self, what, form, floor):
        """A line for what neither of the two can beat."""
        print(self.LAYOUT.format(what, form.format(floor.median), "", "", form.format(floor.best),
                                 "", "", "").rstrip(), flush=True)


def in_turns(rounds, *measures):
    """Calls each measure once a round; returns all lines of each."""
    lines = [[] for _ in measures]
    for _ in range(rounds):
        for collected, measure in zip(lines, measures):
            wait.moment(PAUSE)
            collected.extend(measure())
    return lines


def column(lines, index=0, more_is_better=False):
    return Series([line[index] for line in lines], more_is_better)


def compare_start(table, ours, theirs):
    measures = (lambda: measure_floor(theirs.images), lambda: ours.measure("start"),
                lambda: theirs.measure("start"))
    in_turns(1, *measures)  # the first start of each reads QEMU and the guest from the disk
    floor, our, their = map(column, in_turns(START_ROUNDS, *measures))
    table.note("QEMU alone, exec to running", "{:.1f} ms", floor)
    table.line("start of a VM, call to running", "{:.1f} ms", our, their)
    table.line("  of that without QEMU", "{:.1f} ms", our.minus(floor), their.minus(floor),
               "at least 2")


def compare_events(table, ours, theirs):
    our, their = map(column, in_turns(EVENT_ROUNDS, lambda: ours.measure("event", EVENTS),
                                      lambda: theirs.measure("event", EVENTS)))
    table.line("pause call to waiting client", "{:.2f} ms", our, their)


def compare_reads(table, ours, theirs):
    floor, our, their = (column(lines, more_is_better=True) for lines in in_turns(
        READ_ROUNDS, lambda: run_bench("bench_socket"), lambda: ours.measure("read"),
        lambda: theirs.measure("read")))
    table.note("socket alone, round trips a s", "{:,.0f}", floor)
    table.line("trivial reads a second", "{:,.0f}", our, their, "at least 5")


def compare_lists(table, ours, theirs):
    our, their = in_turns(LIST_ROUNDS, lambda: ours.measure("list", LISTS),
                          lambda: theirs.measure("list", LISTS))
    table.line(f"list {MANY:,} VMs with all fields", "{:.1f} ms", column(our), column(their),
               "at least 10")
    table.line("  bytes of the answer", "{:,.0f}", column(our, 1), column(their, 1))
    table.line("  VMs in it (ours: templates too)", "{:.0f}", column(our, 2), column(their, 2))


def compare_memory(table, when, ours, theirs, aim=""):
    our, their = in_turns(1, lambda: [ours.memory()], lambda: [theirs.memory()])
    for index, name in enumerate(("RSS", "PSS")):
        table.line(f"memory {when}, {name}", "{:.1f} MiB", column(our, index),
                   column(their, index), aim)
        aim = ""


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
