"""What is asked of every kind of guest on Xen. The cases build on each other, because a boot in
emulation is dear: they run in the order of their names and share one guest, which each leaves
running as it found it."""

from domains import MEMORY, START_SECONDS, STORAGE
from lib import wait
from lib.guest import MIB

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
TOTAL_KIB = "$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
# Random bytes in memory, and a process that lives from memory alone.
FILL = "dd if=/dev/urandom of=/tmp/noise bs=1M count=8 2>/dev/null; md5sum /tmp/noise"
COUNT = "(i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; usleep 50000; done) & echo $!"
COUNTS_ON = "seen=$(cat /tmp/count); until [ $(cat /tmp/count) -gt $seen ]; do usleep 50000; done"
ONLINE = "[ $(grep -c ^processor /proc/cpuinfo) = {} ]"
GONE = "! [ -e /sys/class/{} ]"


class GuestTests:
    # The name that a guest has for a disk of its that was plugged.
    data_disk = "xvda"
    # Of a guest's neighbour, if it is not the guest's own kind.
    neighbour_kind = None

    def domain_line(self):
        """What Xen itself says of the guest."""
        lines = self.host.must("xl list").splitlines()
        return next((line for line in lines if line.startswith(self.guest.uuid)), None)

    def boot_id(self):
        return self.guest.run(BOOT_ID).strip()

    def wait_other_boot(self, boot_id):
        """Waits until the guest runs another kernel than the one with this number. The console of
        the old one ends meanwhile."""
        deadline = wait.Deadline(START_SECONDS, "reboot of the guest")
        while True:
            try:
                self.guest.open_shell()
                self.guest.wait_for(f"[ $({BOOT_ID}) != {boot_id} ]", deadline.left())
                return
            except (ConnectionError, LookupError):
                wait.pause(deadline)

    def wait_crash_handled(self, domid):
        """Waits until the VM is in another domain than this one, or in none, and left alone."""
        def handled():
            record = self.api.VM.get_record(self.guest.vm)
            return record["domid"] != domid and not record["current_operations"]
        self.api.wait_for("what follows the crash", START_SECONDS, [f"VM/{self.guest.vm}"], handled)

    def crash(self):
        self.guest.run("echo 1 >/proc/sys/kernel/sysrq")
        self.guest.close_shell()
        domid = self.api.VM.get_domid(self.guest.vm)
        type(self).asked += 1
        self.api.VM.send_sysrq(self.guest.vm, "c")
        return domid

    def go_back(self):
        """To the checkpoint, where the guest runs."""
        self.api.VM.revert(self.checkpoint)
        self.assertEqual(self.guest.state(), "Suspended")
        self.resume()

    def resume(self):
        """Goes on, and waits until the guest's agent has told so. What is typed before that may come
        before the kernel has its interrupts again; an emulated serial line is then dead for good."""
        before = self.guest.metrics()["last_updated"]
        self.guest.xe("vm-resume")

        def told():
            metrics = self.guest.metrics()
            return metrics and metrics["live"] and metrics["last_updated"] != before
        self.api.wait_for("the guest's agent", START_SECONDS, ["VM_guest_metrics"], told)

    def wait_awake(self):
        """Waits until the guest's kernel has its interrupts again, by a word that it says. For what
        may not be typed before, see resume()."""
        deadline = wait.Deadline(START_SECONDS, "a word of the guest's kernel")
        line = self.guest.open_line("vt100", deadline)
        self.api.VM.send_sysrq(self.guest.vm, "h")
        line.read_until(b"sysrq: HELP", deadline)
        line.close()

    def test_01_install(self):
        type(self).guest = self.xen.install(f"{self.kind} guest", self.kind)
        self.assertEqual(self.guest.xe("vm-param-get", "param-name=power-state"), "halted")
        self.assertIsNone(self.domain_line())

    def test_02_start(self):
        self.guest.xe("vm-start")
        record = self.api.VM.get_record(self.guest.vm)
        self.assertEqual(record["power_state"], "Running")
        self.assertIn(f" {record['domid']} ", self.domain_line())
        metrics = self.api.VM_metrics.get_record(record["metrics"])
        self.assertEqual(metrics["current_domain_type"], self.kind)
        self.assertEqual(metrics["hvm"], self.kind == "hvm")

    def test_03_text_console(self):
        self.assertRegex(self.guest.run("uname -a"), "Linux guest .*x86_64")
        said = self.guest.run("cat /sys/hypervisor/guest_type").strip()
        self.assertEqual(said.lower(), self.kind)

    def test_04_screen(self):
        self.assertRegex(self.guest.rfb_greeting(), rb"^RFB 003\.\d{3}\n$")

    def test_05_agent(self):
        metrics = self.guest.wait_agent()
        self.assertEqual(metrics["os_version"]["distro"], "clearwater-demo")
        self.assertEqual(metrics["os_version"]["uname"], self.guest.run("uname -r").strip())
        self.assertEqual(metrics["PV_drivers_version"],
                         {"major": "1", "minor": "0", "micro": "0", "build": "1"})
        self.assertTrue(metrics["PV_drivers_detected"])
        self.assertEqual(metrics["other"]["feature-balloon"], "1")
        address = self.guest.wait_address()
        self.assertIn(address, self.guest.run("ip address show dev eth0"))
        self.assertIn(f"0/ip: {address}", self.guest.xe("vm-param-get", "param-name=networks"))

    def test_06_told_by_the_host(self):
        self.assertEqual(self.guest.run("xenstore-read vm-data/word").strip(), "told-by-the-host")
        self.guest.xe("vm-param-set", "xenstore-data:vm-data/word=told-later")
        self.assertEqual(self.guest.run("xenstore-read vm-data/word").strip(), "told-later")
        self.guest.run("xenstore-write vm-data/answer heard")
        self.api.wait_for("the guest's word", START_SECONDS, [f"VM/{self.guest.vm}"], lambda: (
            "vm-data/answer: heard" in self.guest.xe("vm-param-get", "param-name=xenstore-data")))

    def test_07_pause(self):
        before = self.guest.run("cat /proc/uptime")
        self.guest.xe("vm-pause")
        self.assertEqual(self.guest.state(), "Paused")
        self.assertRegex(self.domain_line(), r" [-r][-b]p")
        self.guest.xe("vm-unpause")
        self.assertEqual(self.guest.state(), "Running")
        self.assertGreater(float(self.guest.run("cat /proc/uptime").split()[0]),
                           float(before.split()[0]))

    def test_08_disk_comes_and_goes(self):
        name = self.data_disk
        vdi = self.xen.create_vdi("data", 16 * MIB)
        vbd = self.guest.add_disk(vdi, plug=True)
        self.guest.wait_for(f"[ -b /dev/{name} ]")
        self.assertEqual(self.guest.run(f"blockdev --getsize64 /dev/{name}").strip(), str(16 * MIB))
        self.guest.run("dd if=/dev/urandom of=/tmp/pattern bs=1M count=2 2>/dev/null")
        self.guest.run(f"dd if=/tmp/pattern of=/dev/{name} bs=1M conv=fsync 2>/dev/null")
        self.api.VBD.unplug(vbd)
        self.guest.wait_for(GONE.format(f"block/{name}"))
        self.api.VBD.plug(vbd)
        self.guest.wait_for(f"[ -b /dev/{name} ]")
        self.guest.run(f"cmp -n 2097152 /tmp/pattern /dev/{name}")
        self.api.VBD.unplug(vbd)
        self.api.VBD.destroy(vbd)
        self.api.VDI.destroy(vdi)

    def test_09_nic_comes_and_goes(self):
        vif = self.guest.add_nic(self.xen.internal_network(), plug=True)
        self.guest.wait_for("[ -e /sys/class/net/eth1 ]")
        self.assertEqual(self.guest.run("cat /sys/class/net/eth1/address").strip(),
                         self.api.VIF.get_MAC(vif))
        self.assertIn(self.guest.wait_address(1), self.guest.run("ip address show dev eth1"))
        self.api.VIF.unplug(vif)
        self.guest.wait_for(GONE.format("net/eth1"))
        self.api.wait_for("an agent that tells of one card", START_SECONDS, ["VM_guest_metrics"],
                          lambda: "1/ip" not in self.guest.metrics()["networks"])
        self.api.VIF.destroy(vif)

    def test_10_memory(self):
        full = int(self.guest.run(f"echo {TOTAL_KIB}"))
        less = MEMORY - 32
        self.guest.xe("vm-memory-dynamic-range-set", f"min={less}MiB", f"max={less}MiB")
        self.guest.wait_for(f"[ {TOTAL_KIB} -le {full - 24 * 1024} ]")
        self.assertEqual(int(self.api.VM.get_memory_target(self.guest.vm)), less * MIB)
        self.guest.xe("vm-memory-dynamic-range-set", f"min={MEMORY}MiB", f"max={MEMORY}MiB")
        self.guest.wait_for(f"[ {TOTAL_KIB} -ge {full - 8 * 1024} ]")

    def test_12_neighbour(self):
        kind = self.neighbour_kind or self.kind
        other = self.xen.install(f"{kind} neighbour", kind)
        other.xe("vm-start")
        self.guest.run(f"ping -c 1 -W 60 {other.wait_address()}", START_SECONDS)
        other.xe("vm-shutdown", "--force")
        other.xe("vm-uninstall", "force=true")

    def test_13_suspend(self):
        boot_id = self.boot_id()
        checksum = self.guest.run(FILL)
        counter = self.guest.run(COUNT).split()[-1]
        self.guest.wait_for("[ -s /tmp/count ]")
        self.guest.close_shell()
        self.guest.xe("vm-suspend")
        self.assertEqual(self.guest.state(), "Suspended")
        self.assertIsNone(self.domain_line())
        self.resume()
        self.assertEqual(self.guest.state(), "Running")
        self.assertEqual(self.boot_id(), boot_id)
        self.assertEqual(self.guest.run("md5sum /tmp/noise"), checksum)
        self.guest.run(COUNTS_ON)
        self.guest.run(f"kill {counter}")
        self.guest.wait_agent()
        self.assertIn(self.guest.wait_address(), self.guest.run("ip address show dev eth0"))

    def test_14_checkpoint(self):
        boot_id = self.boot_id()
        self.guest.run("echo first >/tmp/word")
        self.guest.close_shell()
        type(self).checkpoint = self.api.VM.checkpoint(self.guest.vm, "first")
        self.assertEqual(self.guest.state(), "Running")
        self.wait_awake()
        self.guest.run("echo second >/tmp/word")
        self.guest.close_shell()
        self.go_back()
        self.assertEqual(self.guest.run("cat /tmp/word").strip(), "first")
        self.assertEqual(self.boot_id(), boot_id)

    def test_15_daemon_is_killed(self):
        boot_id = self.boot_id()
        before = self.api.VM.get_record(self.guest.vm)
        attached = self.attached()
        self.guest.close_shell()
        self.kill_daemon()
        self.xen.log_in()
        self.guest.log_in()
        after = self.api.VM.get_record(self.guest.vm)
        for field in ("power_state", "domid", "resident_on", "VIFs", "current_operations"):
            self.assertEqual(after[field], before[field], field)
        self.assertEqual(self.attached(), attached)
        self.assertEqual(self.boot_id(), boot_id)
        self.guest.wait_agent()

    def attached(self):
        """{uuid: whether the guest has it} of its disks, drives and NICs."""
        return {record["uuid"]: record["currently_attached"]
                for messages in (self.api.VBD, self.api.VIF)
                for record in messages.get_all_records().values()
                if record["VM"] == self.guest.vm}

    def test_16_clean_reboot(self):
        boot_id = self.boot_id()
        self.guest.close_shell()
        self.guest.xe("vm-reboot")
        self.wait_other_boot(boot_id)
        self.assertEqual(self.guest.state(), "Running")

    def test_17_crash_and_restart(self):
        boot_id = self.boot_id()
        self.api.VM.set_actions_after_crash(self.guest.vm, "restart")
        # Where it booted a moment ago, a crash would be one too many.
        self.api.VM.add_to_other_config(self.guest.vm, "crash-loop-seconds", "0")
        self.wait_crash_handled(self.crash())
        self.wait_other_boot(boot_id)
        self.assertEqual(self.guest.state(), "Running")

    def test_18_crash_and_preserve(self):
        self.api.VM.set_actions_after_crash(self.guest.vm, "preserve")
        before = len(self.crashed())
        domid = self.crash()
        self.api.wait_for("the alert", START_SECONDS, ["message"],
                          lambda: len(self.crashed()) > before)
        self.assertEqual(self.guest.state(), "Running")
        self.assertEqual(self.api.VM.get_domid(self.guest.vm), domid)
        line = self.domain_line()
        self.guest.xe("vm-shutdown", "--force")
        self.assertRegex(line, r" [-r][-b]-[-s]c")
        self.assertIsNone(self.domain_line())

    def test_19_crash_and_destroy(self):
        self.guest.xe("vm-start")
        self.api.VM.set_actions_after_crash(self.guest.vm, "destroy")
        self.crash()
        self.guest.wait_state("Halted", START_SECONDS)
        self.assertIsNone(self.domain_line())

    def test_20_processors(self):
        """Late, for where the processor is emulated a PVH guest does not survive it each time."""
        self.guest.xe("vm-start")
        self.guest.run(ONLINE.format(1))
        self.api.VM.set_VCPUs_number_live(self.guest.vm, 2)
        self.guest.wait_for(f"{ONLINE.format(2)} ||"
                            " { echo 1 >/sys/devices/system/cpu/cpu1/online; false; } 2>/dev/null")
        self.take_processor_back()

    def take_processor_back(self):
        self.api.VM.set_VCPUs_number_live(self.guest.vm, 1)
        self.guest.wait_for(ONLINE.format(1))

    def test_21_clean_shutdown(self):
        self.guest.run("true")
        self.guest.close_shell()
        self.guest.xe("vm-shutdown")
        record = self.api.VM.get_record(self.guest.vm)
        self.assertEqual(record["power_state"], "Halted")
        self.assertEqual((record["domid"], record["consoles"]), (-1, []))
        self.assertIsNone(self.domain_line())

    def test_22_uninstall(self):
        if self.checkpoint:
            checkpoint = self.api.VM.get_uuid(self.checkpoint)
            self.host.xe("snapshot-uninstall", f"uuid={checkpoint}", "force=true")
        self.guest.xe("vm-uninstall", "force=true")
        self.assertNotIn(self.guest.uuid, self.host.xe("vm-list", "--minimal"))
        left = self.host.must(f"ls {STORAGE}").split()
        self.assertEqual([name for name in left if name.endswith((".qcow2", ".raw"))], [])
