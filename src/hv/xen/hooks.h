/* The hooks of the driver, one group a file; contracts are in hv.h. */
#pragma once

#include "hv/hv.h"

/* create.c */
bool xen_create_domain(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err);

/* control.c */
bool xen_control_set_paused(Hv *hv, Op *op, Uuid domain, bool paused, Err **err);
bool xen_control_shutdown(Hv *hv, Op *op, Uuid domain, HvShutdownMode mode, Err **err);
bool xen_control_destroy(Hv *hv, Op *op, Uuid domain, Err **err);
bool xen_control_set_memory(Hv *hv, Op *op, Uuid domain, uint64_t bytes, Err **err);
bool xen_control_set_vcpus(Hv *hv, Op *op, Uuid domain, unsigned vcpus, Err **err);
bool xen_control_set_shadow(Hv *hv, Op *op, Uuid domain, double multiplier, Err **err);
bool xen_control_sysrq(Hv *hv, Op *op, Uuid domain, char key, Err **err);
bool xen_control_trigger(Hv *hv, Op *op, Uuid domain, HvTrigger trigger, Err **err);

/* store.c */
bool xen_store_change(Hv *hv, Uuid domain, const HvStoreChange *changes, unsigned count, Err **err);

/* unsupported.c */
bool xen_unsupported_freeze(Hv *hv, Op *op, Uuid domain, bool frozen, Err **err);

/* info.c */
GArray *xen_info_list(Hv *hv, Err **err);
bool xen_info_domain(Hv *hv, Uuid domain, HvDomainInfo *ret_info, Err **err);
char **xen_info_devices(Hv *hv, Uuid domain, Err **err);
bool xen_info_stats(Hv *hv, Op *op, Uuid domain, HvDomainStats *ret_stats, Err **err);

/* host.c */
bool xen_host_info(Hv *hv, HvHostInfo *ret_info, Err **err);
bool xen_host_stats(Hv *hv, HvHostStats *ret_stats, Err **err);

/* hypervisor.c */
char *xen_hypervisor_messages(Hv *hv, bool clear, Err **err);
bool xen_hypervisor_debug_keys(Hv *hv, const char *keys, Err **err);

/* save.c */
uint64_t xen_save_size(Hv *hv, Uuid domain);
bool xen_save_domain(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);

/* dump.c */
uint64_t xen_dump_size(Hv *hv, Uuid domain);
bool xen_dump_domain(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);

/* passage.c */
bool xen_passage_send(Hv *hv, Op *op, Uuid domain, const HvSend *send, Err **err);
bool xen_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                         Err **err);
bool xen_passage_reclaim(Hv *hv, Op *op, Uuid domain, Err **err);

/* disk.c */
bool xen_disk_plug(Hv *hv, Op *op, Uuid domain, const HvDisk *disk, Err **err);
bool xen_disk_unplug(Hv *hv, Op *op, Uuid domain, const char *disk_id, bool force, Err **err);
bool xen_disk_change_cd(Hv *hv, Op *op, Uuid domain, const char *disk_id, const HvImage *image,
                        Err **err);

/* block.c */
bool xen_block_snapshot(Hv *hv, Op *op, Uuid domain, const char *const *disk_ids,
                        const HvImage *overlays, unsigned count, Err **err);
bool xen_block_resize(Hv *hv, Op *op, Uuid domain, const char *disk_id, uint64_t bytes, Err **err);
bool xen_block_merge(Hv *hv, Op *op, Uuid domain, const HvMerge *merge, Err **err);
bool xen_block_mirror(Hv *hv, Op *op, Uuid domain, const HvMirror *mirror, Err **err);
bool xen_block_mirror_settle(Hv *hv, Op *op, Uuid domain, const char *disk_id, const char *target,
                             Err **err);

/* nic.c */
bool xen_nic_plug(Hv *hv, Op *op, Uuid domain, const HvNic *nic, Err **err);
bool xen_nic_unplug(Hv *hv, Op *op, Uuid domain, const char *nic_id, bool force, Err **err);

/* console.c */
int xen_console_open(Hv *hv, Uuid domain, HvConsole kind, Err **err);
GBytes *xen_console_screenshot(Hv *hv, Op *op, Uuid domain, Err **err);

/* guest.c */
bool xen_guest_info(Hv *hv, Op *op, Uuid domain, HvGuestInfo *ret_info, Err **err);
