/* The hooks of the driver, one group a file; contracts are in hv.h. */
#pragma once

#include "hv/hv.h"

/* create.c */
bool qemu_create_domain(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err);

/* control.c */
bool qemu_control_set_paused(Hv *hv, Op *op, Uuid domain, bool paused, Err **err);
bool qemu_control_shutdown(Hv *hv, Op *op, Uuid domain, HvShutdownMode mode, Err **err);
bool qemu_control_destroy(Hv *hv, Op *op, Uuid domain, Err **err);
bool qemu_control_set_memory(Hv *hv, Op *op, Uuid domain, uint64_t bytes, Err **err);

/* trigger.c */
bool qemu_trigger_sysrq(Hv *hv, Op *op, Uuid domain, char key, Err **err);
bool qemu_trigger_send(Hv *hv, Op *op, Uuid domain, HvTrigger trigger, Err **err);

/* dump.c */
uint64_t qemu_dump_size(Hv *hv, Uuid domain);
bool qemu_dump_domain(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);

/* vcpu.c */
bool qemu_vcpu_set(Hv *hv, Op *op, Uuid domain, unsigned vcpus, Err **err);

/* info.c */
GArray *qemu_info_list(Hv *hv, Err **err);
bool qemu_info_domain(Hv *hv, Uuid domain, HvDomainInfo *ret_info, Err **err);
char **qemu_info_devices(Hv *hv, Uuid domain, Err **err);

/* stats.c */
bool qemu_stats_domain(Hv *hv, Op *op, Uuid domain, HvDomainStats *ret_stats, Err **err);
bool qemu_stats_host(Hv *hv, HvHostStats *ret_stats, Err **err);

/* host.c */
bool qemu_host_info(Hv *hv, HvHostInfo *ret_info, Err **err);

/* save.c */
uint64_t qemu_save_size(Hv *hv, Uuid domain);
bool qemu_save_domain(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);
/* domain_create() of a domain with a saved state. */
bool qemu_save_restore(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err);

/* passage.c */
bool qemu_passage_send(Hv *hv, Op *op, Uuid domain, const HvSend *send, Err **err);
bool qemu_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                          Err **err);
bool qemu_passage_reclaim(Hv *hv, Op *op, Uuid domain, Err **err);

/* disk.c */
bool qemu_disk_plug(Hv *hv, Op *op, Uuid domain, const HvDisk *disk, Err **err);
bool qemu_disk_unplug(Hv *hv, Op *op, Uuid domain, const char *disk_id, bool force, Err **err);
bool qemu_disk_change_cd(Hv *hv, Op *op, Uuid domain, const char *disk_id, const HvImage *image,
                         Err **err);
bool qemu_disk_snapshot(Hv *hv, Op *op, Uuid domain, const char *const *disk_ids,
                        const HvImage *overlays, unsigned count, Err **err);
bool qemu_disk_resize(Hv *hv, Op *op, Uuid domain, const char *disk_id, uint64_t bytes, Err **err);
bool qemu_disk_mirror(Hv *hv, Op *op, Uuid domain, const HvMirror *mirror, Err **err);
bool qemu_disk_mirror_settle(Hv *hv, Op *op, Uuid domain, const char *disk_id, const char *target,
                             Err **err);
bool qemu_disk_merge(Hv *hv, Op *op, Uuid domain, const HvMerge *merge, Err **err);

/* nic.c */
bool qemu_nic_plug(Hv *hv, Op *op, Uuid domain, const HvNic *nic, Err **err);
bool qemu_nic_unplug(Hv *hv, Op *op, Uuid domain, const char *nic_id, bool force, Err **err);

/* console.c */
int qemu_console_open(Hv *hv, Uuid domain, HvConsole kind, Err **err);
GBytes *qemu_console_screenshot(Hv *hv, Op *op, Uuid domain, Err **err);

/* guest.c */
bool qemu_guest_info(Hv *hv, Op *op, Uuid domain, HvGuestInfo *ret_info, Err **err);
bool qemu_guest_freeze(Hv *hv, Op *op, Uuid domain, bool frozen, Err **err);
