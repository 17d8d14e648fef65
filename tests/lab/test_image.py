"""A host image, from power-on to a host that answers the XenAPI: by UEFI with a file of answers, by
BIOS with questions on the serial line, and from a disk that it was put on.

The image is that of `make image`. It starts over a layer, on a larger disk than it was made for. A
picture of its screen is left beside the logs."""

import json
import socket
import subprocess
import threading
import time
import unittest

import host as lab
import tap

# GRUB, an initial RAM disk of Debian's and a first boot of systemd, all emulated.
BOOT_SECONDS = 1200
SCREEN_SECONDS = 300
QMP_SECONDS = 20
# Between two looks at what the console has said.
LOOK_SECONDS = 0.2
GIB = 1024**3
DISK_BYTES = 8 * GIB
IMAGE = lab.ROOT / "build/image/clearwater.img"
ANSWERS = lab.ROOT / "tools/lab/answers"
SECTOR = 512
ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
# QEMU's own servers give this address to whoever asks, and forward to it.
ADDRESS = "10.0.2.15"
# Of a second disk; the image is larger.
SECOND_BYTES = 3 * GIB


class ImageHost(lab.LabHost):
    """A host that starts as a real one does, from its disk alone."""

    disk_image = IMAGE
    disk_bytes = DISK_BYTES
    # What is in the file of answers; none is there when it is empty.
    answers = ""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.screen = self.logs / "screen.png"
        self.serial = self.run / "serial"
        self.qmp = self.run / "qmp"

    def make_disk(self):
        """Puts the answers where an administrator would: into the FAT partition."""
        disk = super().make_disk()
        table = json.loads(subprocess.check_output(["sfdisk", "--json", IMAGE]))["partitiontable"]
        [esp] = [part for part in table["partitions"] if part["type"] == ESP_TYPE]
        begin, size = esp["start"] * SECTOR, esp["size"] * SECTOR
        copy = self.run / "esp"
        with IMAGE.open("rb") as image:
            image.seek(begin)
            copy.write_bytes(image.read(size))
        subprocess.run(["mdel", "-i", copy, "::clearwater-answers"], stderr=subprocess.DEVNULL,
                       check=False)
        if self.answers:
            subprocess.run(["mcopy", "-i", copy, "-", "::clearwater-answers"],
                           input=self.answers.encode(), check=True)
        subprocess.run(["qemu-io", "-c", f"write -q -s {copy} {begin} {size}", disk], check=True)
        return disk

    def console_options(self):
        self.console_log.write_bytes(b"")
        return ["-chardev", f"socket,id=s0,path={self.serial},server=on,wait=off,"
                            f"logfile={self.console_log}", "-serial", "chardev:s0"]

    def boot_options(self):
        return ["-device", "VGA,xres=800,yres=600", "-qmp", f"unix:{self.qmp},server=on,wait=off"]

    def second_disk(self):
        """An empty one."""
        disk = self.run / "second.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, str(SECOND_BYTES)],
                       check=True)
        return ["-drive", f"file={disk},if=virtio,cache=unsafe"]

    def is_up(self, seconds):
        """Whether it is the host that the answers want: its network comes last of them."""
        try:
            return ADDRESS in self.xe("pif-list", "management=true", "params=IP", "--minimal",
                                      seconds=seconds)
        except AssertionError:
            return False

    def said(self):
        return self.console_log.read_text(encoding="utf-8", errors="replace")

    def wait_for_words(self, words, deadline, begin=0):
        """Waits until its console has said this. Returns where in the log that ends."""
        while (found := self.said().find(words, begin)) < 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"its console does not say {words}; see {self.console_log}")
            try:
                self.process.wait(LOOK_SECONDS)
                raise RuntimeError(f"QEMU ended by itself; see {self.logs}")
            except subprocess.TimeoutExpired:
                pass
        return found + len(words)

    def take_picture(self):
        """By one command of QMP, on a connection of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(QMP_SECONDS)
            connection.connect(str(self.qmp))
            with connection.makefile("rw", encoding="utf-8") as file:
                file.readline()
                for command, arguments in (
                        ("qmp_capabilities", {}),
                        ("screendump", {"filename": str(self.screen), "format": "png"})):
                    file.write(json.dumps({"execute": command, "arguments": arguments}))
                    file.flush()
                    answer = json.loads(file.readline())
                    if "error" in answer:
                        raise RuntimeError(f"{command}: {answer['error']['desc']}")


class UefiHost(ImageHost):
    answers = ANSWERS.read_text(encoding="utf-8")

    def boot_options(self):
        variables = self.run / "firmware-variables"
        subprocess.run(["cp", FIRMWARE_VARIABLES, variables], check=True)
        flash = "if=pflash,format=raw"
        return [*super().boot_options(), "-drive", f"{flash},unit=0,readonly=on,file={FIRMWARE}",
                "-drive", f"{flash},unit=1,file={variables}"]


def drain(line):
    """Reads what is in the log already."""
    while line.recv(65536):
        pass


class BiosHost(ImageHost):
    """One that is asked everything."""

    dialogue = (
        ("Clearwater, set up by the serial line", "\x0e\r"),
        ("none to stay here [none]: ", "\r"),
        ("Name of this host [clearwater]: ", "attic\r"),
        ("Password of root: ", f"{lab.PASSWORD}\r"),
        ("The same again: ", f"{lab.PASSWORD}\r"),
        ("Time zone [Etc/UTC]: ", "Asia/Tokyo\r"),
        ("Time servers", "\r"),
        ("Network card for management [eth0]: ", "\r"),
        ("Its IPv4 address, dhcp or none [dhcp]: ", "\r"),
        ("file, ext or none [file]: ", "ext\r"),
        ("all on it is LOST [/dev/sdb]: ", "/dev/vdb\r"),
    )

    def boot_options(self):
        return [*super().boot_options(), *self.second_disk()]

    def wait_until_up(self, deadline):
        end = self.wait_for_words("GRUB", deadline)
        # QEMU forgets what the machine has not read yet when the line is closed, and holds the
        # machine up when nobody reads the line.
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.serial))
            threading.Thread(target=drain, args=(line,), daemon=True).start()
            for question, answer in self.dialogue:
                end = self.wait_for_words(question, deadline, end)
                line.sendall(answer.encode())
            super().wait_until_up(deadline)
            line.shutdown(socket.SHUT_RDWR)


@unittest.skipUnless(IMAGE.exists(), "there is no image; `make image` builds one")
class ImageCase(unittest.TestCase):
    """Of one host, which is started once for all of them."""

    @classmethod
    def setUpClass(cls):
        began = time.monotonic()
        cls.host = cls.host_class.boot(cls.__name__.lower(), BOOT_SECONDS)
        cls.addClassCleanup(cls.host.__exit__)
        print(f"# {cls.host.name} answers after {time.monotonic() - began:.0f} s", flush=True)

    def expect(self, found, *command):
        self.assertEqual(self.host.xe(*command, "--minimal"), found)

    def check_console(self):
        """Above the log-in it says who it is."""
        self.host.wait_for_words(f"From elsewhere: xe -s {ADDRESS}",
                                 time.monotonic() + SCREEN_SECONDS)
        self.host.take_picture()

    def check_growth(self):
        """Partition and file system have taken the whole disk."""
        size = self.host.xe("sr-list", "name-label=Local storage", "params=physical-size",
                            "--minimal")
        self.assertGreater(int(size), DISK_BYTES * 3 // 4)


class Unattended(ImageCase):
    host_class = UefiHost

    def test_answers(self):
        self.expect("cellar", "host-list", "params=name-label")
        self.expect("cellar", "host-list", "params=hostname")
        self.expect("file", "sr-list", "name-label=Local storage", "params=type")
        self.expect("Static", "pif-list", "management=true", "params=IP-configuration-mode")
        self.expect(ADDRESS, "host-list", "params=address")
        self.check_growth()

    def test_console(self):
        self.check_console()


class InstallingHost(ImageHost):
    """One that puts itself on another disk, and is off then."""

    answers = f"disk = /dev/vdb\n{UefiHost.answers}"

    def boot_options(self):
        return [*super().boot_options(), *self.second_disk()]

    def wait_until_up(self, deadline):
        self.process.wait(deadline - time.monotonic())


class InstalledHost(ImageHost):
    def make_disk(self):
        return InstallingHost("installing", None, None).run / "second.qcow2"


class Installed(ImageCase):
    host_class = InstalledHost

    @classmethod
    def setUpClass(cls):
        InstallingHost.boot("installing", BOOT_SECONDS)
        super().setUpClass()

    def test_answers(self):
        self.expect("cellar", "host-list", "params=name-label")


class Asked(ImageCase):
    host_class = BiosHost

    def test_answers(self):
        self.expect("attic", "host-list", "params=name-label")
        self.expect("ext", "sr-list", "name-label=Local storage", "params=type")
        self.expect("DHCP", "pif-list", "management=true", "params=IP-configuration-mode")
        self.expect(ADDRESS, "host-list", "params=address")

    def test_console(self):
        self.check_console()


if __name__ == "__main__":
    tap.main()
