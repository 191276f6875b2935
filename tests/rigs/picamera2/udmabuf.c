/* Shared memory in place of a dma-buf, for a kernel that provides none.
 *
 * libcamera's virtual camera takes its buffers from /dev/udmabuf and Picamera2 opens a dma heap
 * when it starts. Preloaded into the process, this file answers for both: opening either node
 * gives /dev/null, and asking it for a buffer gives a memory file of the size asked for, which
 * maps and reads like a dma-buf. Everything else goes on to the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int (*open_call)(const char *, int, ...);
typedef int (*ioctl_call)(int, unsigned long, ...);

static const char *stand_in(const char *path)
{
    static const char *const missing[] = {"/dev/udmabuf", "/dev/dma_heap/linux,cma"};

    for (size_t i = 0; path && i < sizeof missing / sizeof *missing; i++)
        if (strcmp(path, missing[i]) == 0)
            return "/dev/null";
    return path;
}

/* The C library exports each of these as a name of its own; the mode counts only with O_CREAT. */
#define PASS_ON(name)                                                        \
    int name(const char *path, int flags, ...)                               \
    {                                                                        \
        static open_call next;                                               \
        va_list rest;                                                        \
        va_start(rest, flags);                                               \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, int) : 0;  \
        va_end(rest);                                                        \
        if (!next)                                                           \
            next = (open_call)dlsym(RTLD_NEXT, #name);                       \
        return next(stand_in(path), flags, mode);                            \
    }

PASS_ON(open)
PASS_ON(open64)

int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }

static int heap_buffer(struct dma_heap_allocation_data *wanted)
{
    int memory = memfd_create("heap", MFD_CLOEXEC);

    if (memory < 0)
        return -1;
    if (ftruncate(memory, (off_t)wanted->len) < 0) {
        close(memory);
        return -1;
    }
    wanted->fd = (unsigned int)memory;
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    static ioctl_call next;
    va_list rest;

    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);

    /* The kernel reads 32 bits of the request; Python passes it with its sign extended. */
    switch ((unsigned int)request) {
    case UDMABUF_CREATE:
        return dup((int)((struct udmabuf_create *)argument)->memfd);
    case DMA_HEAP_IOCTL_ALLOC:
        return heap_buffer(argument);
    case DMA_BUF_IOCTL_SYNC: /* a memory file is always coherent */
    case DMA_BUF_SET_NAME_A:
    case DMA_BUF_SET_NAME_B:
        return 0;
    }
    if (!next)
        next = (ioctl_call)dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}
