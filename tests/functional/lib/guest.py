"""Virtual machines that run the demo guest."""

import os

from . import api, console
from .daemon import TREE

KERNEL = TREE / "build/guest/vmlinuz"
INITRD = TREE / "build/guest/initrd"
DISK_IMAGE = TREE / "build/guest/disk.raw"
CD_IMAGE = TREE / "build/guest/cd.iso"
# The kernel tests its timer when it boots, and gives up where a busy machine without KVM hardly
# lets it run.
KERNEL_ARGS = "console=ttyS0 quiet no_timer_check"
MIB = 1 << 20


class Host:
    """Shorthands for what tests want from the one host of a daemon."""

    def __init__(self, daemon, session):
        self.daemon = daemon
        self.api = session

    def furnish(self):
        """What an installer does: a repository for disks, and the guest's kernel where the host
        takes kernels from."""
        folder = self.daemon.root / "disks"
        sr = self.api.SR.create(self.api.host.get_all()[0], {"location": str(folder)}, 0,
                                "Local storage", "", "file", "user", False, {})
        pool = self.api.pool.get_all()[0]
        self.api.pool.set_default_SR(pool, sr)
        self.api.pool.set_suspend_image_SR(pool, sr)
        self.kernels().mkdir(parents=True, exist_ok=True)
        for file in (KERNEL, INITRD):
            os.link(file, self.kernels() / file.name)

    def kernels(self):
        return self.daemon.root / "var/lib/clearwater/kernels"

    def default_sr(self):
        pool = self.api.pool.get_all()[0]
        return self.api.pool.get_default_SR(pool)

    def internal_network(self):
        """The host-internal management network, where the host serves DHCP."""
        for ref, record in self.api.network.get_all_records().items():
            if record["other_config"].get("is_host_internal_management_network") == "true":
                return ref
        raise LookupError("there is no host-internal management network")

    def create_network(self, name):
        return self.api.network.create({"name_label": name, "name_description": "", "MTU": 1500,
                                        "other_config": {}, "bridge": "", "managed": True,
                                        "tags": []})

    def create_vdi(self, name, size):
        return self.api.VDI.create({
            "name_label": name, "name_description": "", "SR": self.default_sr(),
            "virtual_size": size, "type": "user", "sharable": False, "read_only": False,
            "other_config": {}, "xenstore_data": {}, "sm_config": {}, "tags": []})

    def create_guest(self, name, memory=192 * MIB):
        """A halted VM that boots the demo guest's kernel and has no devices."""
        template = self.api.VM.get_by_name_label("Other install media")[0]
        vm = self.api.VM.clone(template, name)
        self.api.VM.provision(vm)
        self.api.VM.set_HVM_boot_policy(vm, "")
        self.api.VM.set_PV_kernel(vm, str(self.kernels() / KERNEL.name))
        self.api.VM.set_PV_ramdisk(vm, str(self.kernels() / INITRD.name))
        self.api.VM.set_PV_args(vm, KERNEL_ARGS)
        self.api.VM.set_memory_limits(vm, memory, memory, memory, memory)
        return Guest(self, vm)

    def guest(self, vm):
        return Guest(self, vm)

    def open_console(self, ref):
        """A shell on a text console."""
        return console.Console.local(self.daemon.socket, ref)


class Guest:
    """One VM. Its messages go through the host's session."""

    def __init__(self, host, vm):
        self.host = host
        self.api = host.api
        self.vm = vm
        self.shell = None

    def add_disk(self, vdi, plug=False, bootable=False):
        vbd = self.create_vbd({"VDI": vdi, "type": "Disk", "mode": "RW", "empty": False,
                               "bootable": bootable})
        if plug:
            self.api.VBD.plug(vbd)
        return vbd

    def add_cd(self, vdi):
        """A CD drive, empty when there is no VDI."""
        return self.create_vbd({"VDI": vdi or api.NULL, "type": "CD", "mode": "RO",
                                "empty": not vdi, "bootable": False})

    def create_vbd(self, fields):
        return self.api.VBD.create({
            "VM": self.vm, "userdevice": "autodetect", "unpluggable": True, "other_config": {},
            "qos_algorithm_type": "", "qos_algorithm_params": {}, **fields})

    def add_nic(self, network, plug=False):
        devices = self.api.VM.get_allowed_VIF_devices(self.vm)
        vif = self.api.VIF.create({
            "VM": self.vm, "network": network, "device": devices[0], "MAC": "", "MTU": 0,
            "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}})
        if plug:
            self.api.VIF.plug(vif)
        return vif

    def start(self):
        self.api.VM.start(self.vm, False, False)
        return self

    def state(self):
        return self.api.VM.get_power_state(self.vm)

    def wait_state(self, state, seconds=120):
        self.api.wait_for(f"power state {state}", seconds, [f"VM/{self.vm}"],
                          lambda: self.state() == state)

    def metrics(self):
        """The VM_guest_metrics record, or None before the agent has spoken."""
        ref = self.api.VM.get_guest_metrics(self.vm)
        return None if ref == api.NULL else self.api.VM_guest_metrics.get_record(ref)

    def wait_agent(self, seconds=300):
        """Waits until the guest's agent has spoken; returns its metrics."""
        def alive():
            metrics = self.metrics()
            return metrics if metrics and metrics["live"] and metrics["os_version"] else None
        return self.api.wait_for("the guest's agent", seconds, ["VM", "VM_guest_metrics"], alive)

    def wait_address(self, device=0, seconds=300):
        """Waits for the IPv4 address that the agent reports of a NIC."""
        def address():
            metrics = self.metrics() or {"networks": {}}
            return metrics["networks"].get(f"{device}/ip")
        return self.api.wait_for(f"address of NIC {device}", seconds, ["VM", "VM_guest_metrics"],
                                 address)

    def open_shell(self):
        """A shell on the serial console; a new one after each start or resume of the VM."""
        self.close_shell()
        for ref in self.api.VM.get_consoles(self.vm):
            if self.api.console.get_protocol(ref) == "vt100":
                self.shell = self.host.open_console(ref)
                return self.shell
        raise LookupError("the VM has no text console")

    def close_shell(self):
        if self.shell:
            self.shell.close()
            self.shell = None

    def run(self, command, seconds=120):
        """Runs a command in the guest and returns its output."""
        return (self.shell or self.open_shell()).run(command, seconds)

    def wait_for(self, command, seconds=120):
        return (self.shell or self.open_shell()).wait_for(command, seconds)
