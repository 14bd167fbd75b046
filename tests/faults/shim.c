/* Makes the n-th write, fsync or rename below a folder fail; loaded with LD_PRELOAD, armed by fault_arm().

   Calls are counted over all threads of a process, from the moment of arming. Whatever is no file below the folder goes
   through. After fault_arm(0, ...) calls are only counted. A call that fails does nothing to the file; a write may
   be told to put down half of its bytes first (as a disk that fills up does).

   Renames that do not go through the C library (tantivy's: Rust calls the kernel itself) are caught by a seccomp
   filter that raises SIGSYS, on x86-64 and arm64; fault_trapped() counts them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define OURS 0x5eed5eedL /* in the sixth register: a rename of the shim's own, to let through */

static char folder[PATH_MAX];
static atomic_int armed, seen, failing_at, error_given, lasting, trapped;

static void trap_renames(void);

void fault_arm(const char *below, int nth, int error, int lasts) {
    trap_renames();
    snprintf(folder, sizeof folder, "%s", below);
    failing_at = nth;
    error_given = error;
    lasting = lasts;
    seen = 0;
    armed = 1;
}

int fault_seen(void) { return seen; }

/* How many renames below the folder did not go through the C library; -1 where they cannot be caught. */
int fault_trapped(void) { return trapped; }

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

/* What the kernel does, or is made to do: 0, or minus the error. */
static long renamed(int old, const char *from, int new, const char *to, unsigned flags) {
    char full[PATH_MAX] = "";
    if (to[0] != '/' && new == AT_FDCWD && !getcwd(full, sizeof full)) return -errno;
    if (armed && below_folder(to[0] == '/' ? to : full) && fails()) return -errno;
    return syscall(SYS_renameat2, old, from, new, to, (unsigned long)flags, OURS) ? -errno : 0;
}

int rename(const char *from, const char *to) {
    long done = renamed(AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0) return 0;
    errno = (int)-done;
    return -1;
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define ARGUMENT(context, n) ((context)->uc_mcontext.gregs[(const int[]){REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8}[n]])
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define ARGUMENT(context, n) ((context)->uc_mcontext.regs[n])
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#endif

#ifdef ARCH
static void on_trap(int number, siginfo_t *about, void *given) {
    ucontext_t *context = given;
    int before = errno, counted = seen;
    (void)number;
#ifdef SYS_rename
    if (about->si_syscall == SYS_rename) {
        RESULT(context) =
            renamed(AT_FDCWD, (const char *)ARGUMENT(context, 0), AT_FDCWD, (const char *)ARGUMENT(context, 1), 0);
    } else
#endif
        RESULT(context) = renamed((int)ARGUMENT(context, 0), (const char *)ARGUMENT(context, 1),
                                  (int)ARGUMENT(context, 2), (const char *)ARGUMENT(context, 3),
                                  about->si_syscall == SYS_renameat2 ? (unsigned)ARGUMENT(context, 4) : 0);
    if (trapped >= 0) trapped += seen != counted;
    errno = before;
}

/* In every process that loads the shim: a filter outlives exec(), a handler does not. */
__attribute__((constructor)) static void answer_traps(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
}

static void trap_renames(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_rename
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rename, 5, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat, 5, 0),
#endif
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OURS, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) trapped = -1;
}
#else
static void trap_renames(void) { trapped = -1; }
#endif
