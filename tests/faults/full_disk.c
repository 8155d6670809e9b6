/* A disk that is full, where none may be mounted: preloaded, it lets every write below the folder in FULL_DISK fail
   with ENOSPC for as long as there is a file `ballast` in it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_full(int descriptor)
{
    const char *folder = getenv("FULL_DISK");
    char link[64], path[PATH_MAX], ballast[PATH_MAX];
    if (!folder || snprintf(ballast, sizeof ballast, "%s/ballast", folder) >= (int)sizeof ballast)
        return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = access(ballast, F_OK) ? -1 : readlink(link, path, sizeof path);
    errno = before;
    size_t prefix = strlen(folder);
    if (length <= (ssize_t)prefix || strncmp(path, folder, prefix) || path[prefix] != '/')
        return 0;
    errno = ENOSPC;
    return 1;
}

#define OR_FULL(result, name, parameters, arguments, descriptor)          \
    result name parameters                                                 \
    {                                                                      \
        result(*real) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
        return is_full(descriptor) ? -1 : real arguments;                  \
    }

OR_FULL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), fd)
OR_FULL(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), fd)
OR_FULL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), fd)
OR_FULL(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), fd)
OR_FULL(ssize_t, sendfile, (int fd, int from, off_t *at, size_t size), (fd, from, at, size), fd)
OR_FULL(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t size), (fd, from, at, size), fd)
OR_FULL(ssize_t, copy_file_range,
        (int from, off64_t *from_at, int fd, off64_t *at, size_t size, unsigned flags),
        (from, from_at, fd, at, size, flags), fd)
