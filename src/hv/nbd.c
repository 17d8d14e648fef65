/* Requests one at a time: a request is large, so its round trip does not matter. */
#include "hv/nbd.h"

#include "base/fd.h"
#include "hv/stream.h"

#include <string.h>
#include <sys/socket.h>

#define NBD_MAGIC         UINT64_C(0x4e42444d41474943) /* "NBDMAGIC" */
#define NBD_OPTION_MAGIC  UINT64_C(0x49484156454f5054) /* "IHAVEOPT" */
#define NBD_REQUEST_MAGIC 0x25609513u
#define NBD_REPLY_MAGIC   0x67446698u

#define NBD_FLAG_FIXED_NEWSTYLE 1u
#define NBD_FLAG_NO_ZEROES      2u
#define NBD_OPTION_EXPORT_NAME  1u

typedef enum NbdCommand {
    NBD_COMMAND_READ = 0,
    NBD_COMMAND_WRITE = 1,
    NBD_COMMAND_DISCONNECT = 2,
    NBD_COMMAND_FLUSH = 3,
} NbdCommand;

/* All numbers are big-endian on the wire. */
typedef struct NbdGreeting {
    uint64_t magic;
    uint64_t option_magic;
    uint16_t flags;
} __attribute__((packed)) NbdGreeting;

typedef struct NbdChoice {
    uint32_t flags;
    uint64_t magic;
    uint32_t option;
    uint32_t length; /* of the export's name, which is empty here */
} __attribute__((packed)) NbdChoice;

typedef struct NbdExport {
    uint64_t size;
    uint16_t flags;
} __attribute__((packed)) NbdExport;

typedef struct NbdRequest {
    uint32_t magic;
    uint16_t flags;
    uint16_t command;
    uint64_t handle;
    uint64_t offset;
    uint32_t length;
} __attribute__((packed)) NbdRequest;

typedef struct NbdReply {
    uint32_t magic;
    uint32_t error;
    uint64_t handle;
} __attribute__((packed)) NbdReply;

struct Nbd {
    int fd;
    uint64_t size;
    uint64_t handle;
    bool ready; /* negotiated: the server takes requests */
};

static bool nbd_negotiate(Nbd *nbd, Op *op, Err **err);
static NbdRequest nbd_request(Nbd *nbd, NbdCommand command, uint64_t offset, size_t length);
static bool nbd_take_reply(Nbd *nbd, Op *op, const char *what, Err **err);

Nbd *nbd_open(Op *op, int fd, Err **err)
{
    g_autoptr(Nbd) nbd = g_new0(Nbd, 1);
    nbd->fd = fd;
    if (!fd_set_nonblock(fd, true, err) || !nbd_negotiate(nbd, op, err)) {
        return NULL;
    }
    return g_steal_pointer(&nbd);
}

void nbd_close(Nbd *nbd)
{
    if (!nbd) {
        return;
    }
    if (nbd->ready) {
        const NbdRequest request = nbd_request(nbd, NBD_COMMAND_DISCONNECT, 0, 0);
        (void)send(nbd->fd, &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    fd_close(&nbd->fd);
    g_free(nbd);
}

uint64_t nbd_size(const Nbd *nbd)
{
    return nbd->size;
}

bool nbd_write(Nbd *nbd, Op *op, uint64_t offset, const void *data, size_t length, Err **err)
{
    const NbdRequest request = nbd_request(nbd, NBD_COMMAND_WRITE, offset, length);
    return hv_stream_write(op, nbd->fd, &request, sizeof request, err) &&
           hv_stream_write(op, nbd->fd, data, length, err) && nbd_take_reply(nbd, op, "write", err);
}

bool nbd_read(Nbd *nbd, Op *op, uint64_t offset, void *data, size_t length, Err **err)
{
    const NbdRequest request = nbd_request(nbd, NBD_COMMAND_READ, offset, length);
    return hv_stream_write(op, nbd->fd, &request, sizeof request, err) &&
           nbd_take_reply(nbd, op, "read", err) && hv_stream_read(op, nbd->fd, data, length, err);
}

bool nbd_flush(Nbd *nbd, Op *op, Err **err)
{
    const NbdRequest request = nbd_request(nbd, NBD_COMMAND_FLUSH, 0, 0);
    return hv_stream_write(op, nbd->fd, &request, sizeof request, err) &&
           nbd_take_reply(nbd, op, "flush", err);
}

static bool nbd_negotiate(Nbd *nbd, Op *op, Err **err)
{
    NbdGreeting greeting;
    if (!hv_stream_read(op, nbd->fd, &greeting, sizeof greeting, err)) {
        return false;
    }
    unsigned flags = GUINT16_FROM_BE(greeting.flags);
    if (greeting.magic != GUINT64_TO_BE(NBD_MAGIC) ||
        greeting.option_magic != GUINT64_TO_BE(NBD_OPTION_MAGIC) ||
        (flags & (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) !=
            (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) {
        return err_internal(err, "the server of a saved state does not speak NBD");
    }
    const NbdChoice choice = {
        .flags = GUINT32_TO_BE(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES),
        .magic = GUINT64_TO_BE(NBD_OPTION_MAGIC),
        .option = GUINT32_TO_BE(NBD_OPTION_EXPORT_NAME),
    };
    NbdExport export;
    if (!hv_stream_write(op, nbd->fd, &choice, sizeof choice, err) ||
        !hv_stream_read(op, nbd->fd, &export, sizeof export, err)) {
        return false;
    }
    nbd->size = GUINT64_FROM_BE(export.size);
    nbd->ready = true;
    return true;
}

static NbdRequest nbd_request(Nbd *nbd, NbdCommand command, uint64_t offset, size_t length)
{
    return (NbdRequest){
        .magic = GUINT32_TO_BE(NBD_REQUEST_MAGIC),
        .command = GUINT16_TO_BE(command),
        .handle = ++nbd->handle,
        .offset = GUINT64_TO_BE(offset),
        .length = GUINT32_TO_BE((uint32_t)length),
    };
}

static bool nbd_take_reply(Nbd *nbd, Op *op, const char *what, Err **err)
{
    NbdReply reply;
    if (!hv_stream_read(op, nbd->fd, &reply, sizeof reply, err)) {
        return false;
    }
    if (reply.magic != GUINT32_TO_BE(NBD_REPLY_MAGIC) || reply.handle != nbd->handle) {
        return err_internal(err, "the server of a saved state does not speak NBD");
    }
    if (reply.error != 0) {
        return err_errno(err, (int)GUINT32_FROM_BE(reply.error), "cannot %s a saved state", what);
    }
    return true;
}
