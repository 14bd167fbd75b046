/* Makes the n-th write, fsync or rename below a folder fail; loaded with LD_PRELOAD, armed by fault_arm().

   Calls are counted over all threads of a process, from the moment of arming. Whatever is no file below the folder goes
   through. After fault_arm(0, ...) calls are only counted. A call that fails does nothing to the file; a write may
   be told to put down half of its bytes first (as a disk that fills up does). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static atomic_int armed, seen, failing_at, error_given, lasting;

void fault_arm(const char *below, int nth, int error, int lasts) {
    snprintf(folder, sizeof folder, "%s", below);
    failing_at = nth;
    error_given = error;
    lasting = lasts;
    seen = 0;
    armed = 1;
}

int fault_seen(void) { return seen; }

static int below_folder(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below_folder(path);
}

/* Whether this call is the one that fails. */
static int fails(void) {
    int now = ++seen;
    int fails = failing_at && (now == failing_at || (lasting && now > failing_at));
    if (fails) errno = error_given;
    return fails;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define HIT(fd) (armed && is_ours(fd) && fails())

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    if (HIT(fd)) {
        int error = errno;
        if (error == ENOSPC && size > 1) real(fd, data, size / 2); /* half of it is there when the disk is full */
        errno = error;
        return -1;
    }
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    return HIT(fd) ? -1 : real(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    return HIT(fd) ? -1 : real(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    return HIT(fd) ? -1 : real(fd, parts, count);
}

int fsync(int fd) {
    REAL(fsync);
    return HIT(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return HIT(fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return HIT(fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return HIT(fd) ? -1 : real(fd, size);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    char full[PATH_MAX] = "";
    if (to[0] != '/' && !getcwd(full, sizeof full)) return -1;
    if (armed && below_folder(to[0] == '/' ? to : full) && fails()) return -1;
    return real(from, to);
}
