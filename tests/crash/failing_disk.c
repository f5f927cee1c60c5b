/* Makes every fsync of this process fail while a file exists: a disk that has gone bad. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int is_bad(void) {
    const char *flag = getenv("EVENKEEL_TEST_BAD_DISK");
    return flag != NULL && access(flag, F_OK) == 0;
}

int fsync(int handle) {
    if (is_bad()) { errno = EIO; return -1; }
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    return real(handle);
}

int fdatasync(int handle) {
    if (is_bad()) { errno = EIO; return -1; }
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    return real(handle);
}
