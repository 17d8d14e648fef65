"""Guests that boot by themselves: from a CD and from a disk, by BIOS and by UEFI."""

import http.server
import shutil
import threading

import tap
from lib.case import FunctionalCase
from lib.guest import CD_IMAGE, DISK_IMAGE


class Server:
    """An HTTP server that has one file, for as long as the `with` block lasts."""

    def __init__(self, path, address):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(path.stat().st_size))
                self.end_headers()
                with path.open("rb") as file:
                    shutil.copyfileobj(file, self.wfile)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer((address, 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever).start()
        return "http://{}:{}/".format(*self.server.server_address)

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Firmware(FunctionalCase):
    def create_guest(self, firmware, order):
        guest = self.host.create_guest("firmware")
        self.api.VM.set_PV_kernel(guest.vm, "")
        self.api.VM.set_PV_ramdisk(guest.vm, "")
        self.api.VM.set_PV_args(guest.vm, "")
        self.api.VM.set_HVM_boot_policy(guest.vm, "BIOS order")
        self.api.VM.set_HVM_boot_params(guest.vm, {"order": order, "firmware": firmware})
        guest.add_nic(self.host.internal_network())
        return guest

    def create_library(self):
        """An ISO repository with the demo guest's CD in it; returns the CD."""
        folder = self.daemon.root / "isos"
        folder.mkdir()
        shutil.copy(CD_IMAGE, folder / "demo.iso")
        sr = self.api.SR.create(self.api.host.get_all()[0],
                                {"location": str(folder), "legacy_mode": "true"}, 0, "CDs", "",
                                "iso", "iso", False, {})
        vdis = self.api.SR.get_VDIs(sr)
        self.assertEqual([self.api.VDI.get_name_label(vdi) for vdi in vdis], ["demo.iso"])
        return vdis[0]

    def install(self, vdi):
        """Writes the demo disk to a VDI the way a network installation does: a guest fetches it
        from the host."""
        guest = self.host.create_guest("installer")
        guest.add_nic(self.host.internal_network())
        guest.add_disk(vdi)
        guest.start()
        guest.wait_address()
        with Server(DISK_IMAGE, "169.254.0.1") as url:
            guest.run(f"wget -q -O - {url} | dd of=/dev/vda bs=1M conv=fsync 2>/dev/null", 300)
        self.api.VM.hard_shutdown(guest.vm)

    def boot_from_disk(self, firmware):
        guest = self.create_guest(firmware, "c")
        vdi = self.host.create_vdi("system", DISK_IMAGE.stat().st_size)
        self.install(vdi)
        guest.add_disk(vdi, bootable=True)
        guest.start()
        guest.wait_address()
        return guest

    def test_disk_by_bios(self):
        guest = self.boot_from_disk("bios")
        guest.run("! [ -e /sys/firmware/efi ]")

    def test_disk_by_uefi(self):
        guest = self.boot_from_disk("uefi")
        guest.run("[ -e /sys/firmware/efi ]")

    def test_cd(self):
        guest = self.create_guest("bios", "d")
        cd = guest.add_cd(self.create_library())
        guest.start()
        guest.wait_address()
        self.api.VBD.eject(cd)
        self.assertTrue(self.api.VBD.get_empty(cd))

    def test_insert_into_an_empty_drive(self):
        guest = self.create_guest("bios", "d")
        cd = guest.add_cd(None)
        vdi = self.create_library()
        self.api.VM.start(guest.vm, True, False)
        self.api.VBD.insert(cd, vdi)
        self.api.VM.unpause(guest.vm)
        guest.wait_address()


if __name__ == "__main__":
    tap.main()
