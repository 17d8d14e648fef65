/* QEMU names each bit of CPUID, see "qemu-system-x86_64 -cpu help". */
#include "hv/qemu/cpu.h"

enum { BITS = 32 };

/* OSXSAVE is left out, which the guest's own kernel sets; and of AMD's second EDX what is there
 * only because the first has it. */
static const char *const names[HV_CPU_WORDS][BITS] = {
    [HV_CPU_ECX] =
        {
            "pni",    "pclmulqdq", "dtes64", "monitor",      "ds-cpl", "vmx",    "smx",
            "est",    "tm2",       "ssse3",  "cid",          NULL,     "fma",    "cx16",
            "xtpr",   "pdcm",      NULL,     "pcid",         "dca",    "sse4.1", "sse4.2",
            "x2apic", "movbe",     "popcnt", "tsc-deadline", "aes",    "xsave",  NULL,
            "avx",    "f16c",      "rdrand", "hypervisor",
        },
    [HV_CPU_EDX] =
        {
            "fpu",  "vme",  "de",   "pse", "tsc",  "msr", "pae",   "mce", "cx8",     "apic", NULL,
            "sep",  "mtrr", "pge",  "mca", "cmov", "pat", "pse36", "pn",  "clflush", NULL,   "ds",
            "acpi", "mmx",  "fxsr", "sse", "sse2", "ss",  "ht",    "tm",  "ia64",    "pbe",
        },
    [HV_CPU_EXTENDED_ECX] =
        {
            "lahf-lm",    "cmp-legacy",  "svm",
            "extapic",    "cr8legacy",   "abm",
            "sse4a",      "misalignsse", "3dnowprefetch",
            "osvw",       "ibs",         "xop",
            "skinit",     "wdt",         NULL,
            "lwp",        "fma4",        "tce",
            NULL,         "nodeid-msr",  NULL,
            "tbm",        "topoext",     "perfctr-core",
            "perfctr-nb",
        },
    [HV_CPU_EXTENDED_EDX] =
        {
            [11] = "syscall",
            [20] = "nx",
            [22] = "mmxext",
            [25] = "fxsr-opt",
            [26] = "pdpe1gb",
            [27] = "rdtscp",
            [29] = "lm",
            [30] = "3dnowext",
            [31] = "3dnow",
        },
};

/* Wider registers are of no use without AVX's, but QEMU would go on telling of them. */
static const char *const beyond_avx[] = {"avx2", "avx512f"};

static void qemu_cpu_hide(GString *text, const char *name);

char *qemu_cpu_describe(const char *model, const uint32_t *hidden)
{
    static const uint32_t avx = UINT32_C(1) << 28;
    GString *text = g_string_new(model);
    for (unsigned i = 0; i < HV_CPU_WORDS; i++) {
        for (unsigned bit = 0; bit < BITS; bit++) {
            if (hidden[i] & (UINT32_C(1) << bit) && names[i][bit]) {
                qemu_cpu_hide(text, names[i][bit]);
            }
        }
    }
    for (unsigned i = 0; hidden[HV_CPU_ECX] & avx && i < G_N_ELEMENTS(beyond_avx); i++) {
        qemu_cpu_hide(text, beyond_avx[i]);
    }
    return g_string_free(text, FALSE);
}

static void qemu_cpu_hide(GString *text, const char *name)
{
    g_string_append_printf(text, ",%s=off", name);
}
