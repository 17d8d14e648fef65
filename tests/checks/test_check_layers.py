import checktest
import tap


class CheckLayers(checktest.CheckTest):
    tool = "check-layers"

    def test_lower_layers_may_be_included(self):
        self.assert_clean({"src/base/a.h": "#pragma once\nint a;\n",
                           "src/net/b.h": '#pragma once\n#include "base/a.h"\n',
                           "src/core/c.c": '#include "net/b.h"\n#include "gen/types.h"\n',
                           "src/storage/dir/d.c": '#include "gen/errors.h"\n#include <stdio.h>\n'})

    def test_higher_layer(self):
        self.assert_caught('src/net/a.c:2: net/ must not include "core/call.h"',
                           {"src/net/a.c": '\n#include "core/call.h"\n'})

    def test_drivers_do_not_know_each_other(self):
        self.assert_caught('storage/ must not include "hv/hv.h"',
                           {"src/storage/a.c": '# include "hv/hv.h"\n'})

    def test_drivers_know_no_model(self):
        self.assert_caught('hv/ must not include "gen/db_vm.h"',
                           {"src/hv/qemu/a.c": '#include "gen/db_vm.h"\n'})

    def test_clients_know_no_insides(self):
        self.assert_caught('xe/ must not include "db/store.h"',
                           {"src/xe/a.c": '#include "db/store.h"\n'})

    def test_include_without_its_folder(self):
        self.assert_caught('write "base/a.h"', {"src/base/b.c": '#include "a.h"\n'})

    def test_unknown_folder(self):
        self.assert_caught("src/misc is no layer", {"src/misc/a.c": "int a;\n"})

    def test_header_that_needs_another_one_first(self):
        self.assert_caught("src/base/a.h:1: does not compile on its own",
                           {"src/base/a.h": "#pragma once\nsize_t a_count(void);\n"})


if __name__ == "__main__":
    tap.main()
