/* A QEMU plugin: how often each block of instructions ran, and what its memory accesses met in the caches.
 *
 *   -plugin file=blocks.so,arg=out=FILE,arg=caches=SIZE/WAYS:SIZE/WAYS[:SIZE/WAYS]
 *
 * In the program close(0x7ead0000) starts to fill the caches, close(0x7ead0001) to count, and
 * close(0x7ead0002) writes FILE. One thread at a time.
 * The types and prototypes are those of QEMU's plugin interface, version 1 (QEMU 4.2 to 8.2).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
typedef uint32_t meminfo;
struct info;
struct tb;
struct insn;
enum { NO_REGS = 0, ADD = 0, READ_WRITE = 3 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_mem_cb(struct insn *, void (*)(unsigned, meminfo, uint64_t, void *), int, int, void *);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
extern size_t qemu_plugin_tb_n_insns(const struct tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct tb *);
extern struct insn *qemu_plugin_tb_get_insn(const struct tb *, size_t);
extern const void *qemu_plugin_insn_data(const struct insn *);
extern unsigned qemu_plugin_mem_size_shift(meminfo);
extern bool qemu_plugin_mem_is_store(meminfo);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { LINE_BITS = 6, LEVELS = 3, STREAMS = 16, WARM = 0x7ead0000, START = 0x7ead0001, STOP = 0x7ead0002, CLOSE = 57 };

struct block {
    struct block *next;
    uint64_t address, count;
    uint32_t length, code[];
};

/* Least recently used lines go. A set's ways lie in order, newest first. */
struct level {
    uint64_t sets, ways, *lines;
    uint64_t misses, streamed, newest_miss[STREAMS], turn;
};

static struct block *blocks;
static struct level levels[LEVELS];
static int depth;
static const char *out = "blocks.txt";
static bool simulating;
static uint64_t accesses;

static bool lookup(struct level *level, uint64_t line)
{
    uint64_t *set = level->lines + (line % level->sets) * level->ways;
    for (uint64_t way = 0; way < level->ways; way++) {
        if (set[way] != line)
            continue;
        memmove(set + 1, set, way * sizeof *set);
        set[0] = line;
        return true;
    }
    memmove(set + 1, set, (level->ways - 1) * sizeof *set);
    set[0] = line;
    return false;
}

/* A miss next to a recent one is what a prefetcher foresees. */
static void note_miss(struct level *level, uint64_t line)
{
    level->misses++;
    for (int i = 0; i < STREAMS; i++) {
        uint64_t ahead = line - level->newest_miss[i];
        if (ahead + 2 <= 4) {
            level->streamed++;
            level->newest_miss[i] = line;
            return;
        }
    }
    level->newest_miss[level->turn++ % STREAMS] = line;
}

static void touch(unsigned cpu, meminfo info, uint64_t address, void *data)
{
    uint64_t last = (address + (1ull << qemu_plugin_mem_size_shift(info)) - 1) >> LINE_BITS;
    if (!simulating)
        return;
    accesses++;
    for (uint64_t line = address >> LINE_BITS; line <= last; line++)
        for (int i = 0; i < depth && !lookup(&levels[i], line); i++)
            note_miss(&levels[i], line);
}

static void translated(plugin_id id, struct tb *tb)
{
    size_t length = qemu_plugin_tb_n_insns(tb);
    struct block *block = calloc(1, sizeof *block + length * sizeof(uint32_t));
    block->address = qemu_plugin_tb_vaddr(tb);
    block->length = length;
    for (size_t i = 0; i < length; i++) {
        struct insn *insn = qemu_plugin_tb_get_insn(tb, i);
        memcpy(&block->code[i], qemu_plugin_insn_data(insn), sizeof(uint32_t));
        if (depth)
            qemu_plugin_register_vcpu_mem_cb(insn, touch, NO_REGS, READ_WRITE, NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD, &block->count, 1);
    do
        block->next = blocks;
    while (!__sync_bool_compare_and_swap(&blocks, block->next, block));
}

static void restart(void)
{
    for (struct block *block = blocks; block; block = block->next)
        block->count = 0;
    for (int i = 0; i < depth; i++)
        levels[i].misses = levels[i].streamed = 0;
    accesses = 0;
    simulating = true;
}

static void write_out(void)
{
    FILE *file = fopen(out, "w");
    fprintf(file, "accesses %" PRIu64 "\n", accesses);
    for (int i = 0; i < depth; i++)
        fprintf(file, "level %d %" PRIu64 " %" PRIu64 "\n", i + 1, levels[i].misses, levels[i].streamed);
    for (struct block *block = blocks; block; block = block->next) {
        if (!block->count)
            continue;
        fprintf(file, "block %" PRIx64 " %" PRIu64 " ", block->address, block->count);
        for (uint32_t i = 0; i < block->length; i++)
            fprintf(file, "%08x", block->code[i]);
        fputc('\n', file);
    }
    fclose(file);
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t first, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    if (number != CLOSE)
        return;
    if ((uint32_t)first == WARM)
        simulating = true;
    else if ((uint32_t)first == START)
        restart();
    else if ((uint32_t)first == STOP)
        write_out();
}

static void add_caches(const char *text)
{
    unsigned long size, ways;
    int used;
    for (; depth < LEVELS && sscanf(text, "%lu/%lu%n", &size, &ways, &used) == 2; depth++) {
        struct level *level = &levels[depth];
        level->ways = ways;
        level->sets = (size >> LINE_BITS) / ways;
        level->lines = calloc(level->sets * ways, sizeof(uint64_t));
        text += used;
        text += *text == ':';
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct info *info, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4))
            out = strdup(argv[i] + 4);
        else if (!strncmp(argv[i], "caches=", 7))
            add_caches(argv[i] + 7);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
