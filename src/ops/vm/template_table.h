/* The built-in templates as data. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum TemplateKind {
    TEMPLATE_WINDOWS,   /* HVM, viridian, CD first */
    TEMPLATE_LINUX_HVM, /* HVM, today's distributions */
    TEMPLATE_LINUX_PV,  /* paravirtual, installed by eliloader from a repository, then pygrub */
    TEMPLATE_OTHER,     /* HVM, nothing assumed, no disk wanted */
} TemplateKind;

typedef struct TemplateInfo {
    const char *label;
    const char *reference; /* the stable name, reference_label */
    TemplateKind kind;
    unsigned memory_mib;     /* what the system needs at least; the VM gets twice that */
    unsigned disk_gib;       /* 0: none */
    unsigned max_memory_gib; /* 0: the product's limit */
    const char *distro;      /* install-distro of LINUX_PV: "rhlike", "debianlike", "sleslike" */
    bool uefi;
    bool is_32bit;
} TemplateInfo;

extern const TemplateInfo template_table[];
extern const size_t template_count;
