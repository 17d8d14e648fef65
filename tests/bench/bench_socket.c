/* How many small questions a second two processes can put to each other over a unix socket: no
 * daemon answers more often, whatever its protocol. */
#include "base/fd.h"
#include "base/op.h"

#include <stdio.h>
#include <sys/socket.h>

#define MESSAGE_SIZE 256
#define BATCH        100                /* round trips between two looks at the clock */
#define TIME         (2 * USEC_PER_SEC) /* how long to ask */

static void check(bool is_good, const char *what)
{
    if (!is_good) {
        g_error("%s: %m", what);
    }
}

static void ask(int fd)
{
    char message[MESSAGE_SIZE] = {0};
    unsigned long asked = 0;
    Usec start = op_now();
    while (op_now() - start < TIME) {
        for (unsigned i = 0; i < BATCH; i++) {
            check(write(fd, message, sizeof message) == sizeof message, "write");
            check(read(fd, message, sizeof message) == sizeof message, "read");
        }
        asked += BATCH;
    }
    printf("%.0f\n", (double)asked * USEC_PER_SEC / (double)(op_now() - start));
}

static void answer(int fd)
{
    char message[MESSAGE_SIZE];
    while (read(fd, message, sizeof message) > 0 &&
           write(fd, message, sizeof message) == sizeof message) {
    }
}

int main(void)
{
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    pid_t pid = fork();
    check(pid >= 0, "fork");
    close(pair[pid ? 1 : 0]);
    if (pid) {
        ask(pair[0]);
    } else {
        answer(pair[1]);
    }
    return 0;
}
