"""clearwater-guests: which virtual machines start with the machine, and how all are shut down with it."""

import tap
from language.packaged import FOLDER, PackagedCase

PROGRAM = FOLDER / "clearwater-guests"
TEMPLATE = "template=Other install media"


class Guests(PackagedCase):
    def setUp(self):
        super().setUp()
        self.say_system_is("running")
        self.pool = self.xe("pool-list", "--minimal")

    def say_system_is(self, state):
        """What systemd answers from now on."""
        self.replace_program("systemctl", f"echo {state}")

    def guests(self, verb):
        return self.run_program(PROGRAM, verb).strip()

    def make(self, name, *settings):
        vm = self.xe("vm-install", TEMPLATE, f"new-name-label={name}")
        if settings:
            self.xe("vm-param-set", f"uuid={vm}", *settings)
        return vm

    def want_it(self):
        self.xe("pool-param-set", f"uuid={self.pool}", "other-config:auto_poweron=true")

    def names(self, state):
        return set(self.xe("vm-list", f"power-state={state}", "is-control-domain=false",
                           "params=name-label", "--minimal").split(",")) - {""}

    def test_the_pool_has_to_want_it(self):
        self.make("one", "other-config:auto_poweron=true")
        self.assertEqual(self.guests("start"), "")
        self.assertEqual(self.names("running"), set())

    def test_starts_by_their_order(self):
        self.make("last", "other-config:auto_poweron=true", "order=7")
        self.make("first", "other-config:auto_poweron=true", "order=2")
        self.make("not asked for", "order=1")
        self.make("not", "other-config:auto_poweron=false")
        self.want_it()
        said = self.guests("start").splitlines()
        self.assertEqual([line.split()[2] for line in said], ["first", "last"])
        self.assertEqual(self.names("running"), {"first", "last"})
        self.assertEqual(self.guests("start"), "")

    def test_one_that_does_not_start(self):
        huge = self.make("huge", "other-config:auto_poweron=true", "order=1")
        self.xe("vm-memory-limits-set", f"uuid={huge}", "static-min=8TiB", "dynamic-min=8TiB",
                "dynamic-max=8TiB", "static-max=8TiB")
        self.make("small", "other-config:auto_poweron=true", "order=2")
        self.want_it()
        self.guests("start")
        self.assertEqual(self.names("running"), {"small"})

    def test_stop_of_the_unit_alone(self):
        self.xe("vm-start", f"uuid={self.make('one')}")
        self.assertEqual(self.guests("stop"), "")
        self.assertEqual(self.names("running"), {"one"})

    def test_machine_goes_down(self):
        for number in range(20):
            self.xe("vm-start", f"uuid={self.make(f'guest {number}')}")
        paused = self.make("paused")
        self.xe("vm-start", f"uuid={paused}")
        self.xe("vm-pause", f"uuid={paused}")
        self.say_system_is("stopping")
        said = self.guests("stop").splitlines()
        self.assertEqual(len(self.names("halted")), 21)
        self.assertEqual([line for line in said if "switched off" in line],
                         [f"clearwater-guests: paused ({paused}) does not shut down and is"
                          " switched off"])


if __name__ == "__main__":
    tap.main()
