/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edit-stream EDIT <SAVED >EDITED: what "xl save" has written, or "xl migrate" sends,
 * with something wrong about the records of vIOMMUs in it.  EDIT is "none" or one of
 * edits[] below.
 *
 * Most of the guest's memory is left out, as nobody gets far enough to miss it: only
 * the pages at the end of the first 4 GiB stay, which are the toolstack's and Xen's.
 */

#include <err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/hvm/save.h>

#define KEPT_PFN        0xf0000

/* Records of libxl, and of libxc, which end with one of type 0. */
#define LIBXL_HEADER    16
#define LIBXL_LIBXC     1
#define LIBXC_HEADER    (24 + 16)
#define LIBXC_PAGES     1
#define LIBXC_CONTEXT   9

#define RECORD(field)   sizeof(struct hvm_save_descriptor) +                   \
                        offsetof(struct hvm_hw_viommu, field)
#define DESC(field)     offsetof(struct hvm_save_descriptor, field)

/* What is done to the record of unit 0, or bits of it that are flipped. */
static const struct edit {
    const char *name;
    enum { NONE, MISSING, TWICE, SHORT, LONG, CUT, FLIP } what;
    size_t at;
    uint32_t bits;
} edits[] = {
    { "none", .what = NONE },
    { "missing", .what = MISSING },
    { "twice", .what = TWICE },
    { "short", .what = SHORT },
    { "long", .what = LONG },
    { "cut", .what = CUT }, /* the context ends in the middle of it */
    { "type-code", FLIP, DESC(typecode), 1 },
    { "instance", FLIP, DESC(instance), 1 },
    { "instance-huge", FLIP, DESC(instance), 0x8000 },
    { "base", FLIP, RECORD(base), 0x1000 },
    { "type", FLIP, RECORD(type), 2 },
    { "flags", FLIP, RECORD(flags), 4 },
    { "wider", FLIP, RECORD(aw), 0x40 },
    { "wider-memory", FLIP, RECORD(haw), 0x40 },
    { "units", FLIP, RECORD(nr_units), 2 },
    { "reserved", FLIP, RECORD(pad0), 1 },
    { "state", FLIP, RECORD(state), 0x80000000 },
    { "register", FLIP, RECORD(reg[0x1c / 4]), 1 }, /* GSTS */
    { "capability", FLIP, RECORD(reg[8 / 4]), 1 },
    { "head", FLIP, RECORD(queue_head), 0x80000000 },
    { "pending", FLIP, RECORD(pending), HVM_VIOMMU_PENDING_IOTLB },
};

struct record {
    uint32_t type;
    uint32_t length;
};

static void get(void *data, size_t size)
{
    if ( fread(data, 1, size, stdin) != size )
        errx(1, "the stream ends in the middle");
}

static void put(const void *data, size_t size)
{
    if ( fwrite(data, 1, size, stdout) != size )
        err(1, "writing");
}

static void copy(size_t size)
{
    uint8_t data[4096];

    for ( ; size; )
    {
        size_t n = size < sizeof(data) ? size : sizeof(data);

        get(data, n);
        put(data, n);
        size -= n;
    }
}

static size_t padded(uint32_t length)
{
    return (length + 7ul) & ~7ul;
}

static void put_record(uint32_t type, uint8_t *body, uint32_t length)
{
    struct record record = { type, length };

    memset(body + length, 0, padded(length) - length);
    put(&record, sizeof(record));
    put(body, padded(length));
}

/* One entry of the context, and what becomes of it: the end of that. */
static uint8_t *put_entry(uint8_t *out, const uint8_t *entry, uint32_t length,
                          const struct edit *edit)
{
    const size_t size = sizeof(struct hvm_save_descriptor) + length;
    struct hvm_save_descriptor *desc = (void *)out;
    uint32_t bits;

    if ( edit->what == MISSING )
        return out;

    memcpy(out, entry, size);
    switch ( edit->what )
    {
    case TWICE:
        memcpy(out + size, entry, size);
        return out + 2 * size;

    case SHORT:
        desc->length -= 8;
        return out + size - 8;

    case LONG:
        memset(out + size, 0, 8);
        desc->length += 8;
        return out + size + 8;

    case FLIP:
        memcpy(&bits, out + edit->at, sizeof(bits));
        bits ^= edit->bits;
        memcpy(out + edit->at, &bits, sizeof(bits));
        break;

    default:
        break;
    }

    return out + size;
}

static void edit_context(uint8_t *body, uint32_t length, const struct edit *edit)
{
    uint8_t *context = malloc(2ul * length + 16), *out = context, *from;
    uint32_t off, found = 0;

    if ( !context )
        err(1, "memory");
    for ( off = 0; length - off >= sizeof(struct hvm_save_descriptor); )
    {
        const struct hvm_save_descriptor *desc = (void *)&body[off];
        const bool ours = desc->typecode == HVM_SAVE_CODE(VIOMMU) &&
                          desc->instance == 0;
        const uint32_t size = sizeof(*desc) + desc->length;

        if ( size > length - off )
            errx(1, "the context is no context");
        found += ours;
        from = out;
        out = put_entry(out, &body[off], desc->length, ours ? edit : &edits[0]);
        off += size;
        if ( ours && edit->what == CUT )
        {
            out = from + size / 2;
            break;
        }
    }
    if ( found != 1 )
        errx(1, "%u records of vIOMMU 0", found);

    put_record(LIBXC_CONTEXT, context, out - context);
    free(context);
}

static bool is_kept(const uint8_t *body)
{
    uint32_t count, i;
    uint64_t pfn;

    memcpy(&count, body, sizeof(count));
    for ( i = 0; i < count; i++ )
    {
        memcpy(&pfn, body + 8 + 8ul * i, sizeof(pfn));
        if ( (pfn & ((1ull << 52) - 1)) >= KEPT_PFN )
            return true;
    }

    return false;
}

static void edit_libxc(const struct edit *edit)
{
    struct record record;

    copy(LIBXC_HEADER);
    do {
        uint8_t *body;

        get(&record, sizeof(record));
        body = malloc(padded(record.length) + 8);
        if ( !body )
            err(1, "memory");
        get(body, padded(record.length));
        if ( record.type == LIBXC_CONTEXT )
            edit_context(body, record.length, edit);
        else if ( record.type != LIBXC_PAGES || is_kept(body) )
            put_record(record.type, body, record.length);
        free(body);
    } while ( record.type );
}

static const struct edit *edit_by_name(const char *name)
{
    unsigned int i;

    for ( i = 0; i < sizeof(edits) / sizeof(edits[0]); i++ )
        if ( name && !strcmp(name, edits[i].name) )
            return &edits[i];
    errx(2, "usage: edit-stream EDIT");
}

int main(int argc, char **argv)
{
    const struct edit *edit = edit_by_name(argc == 2 ? argv[1] : NULL);
    struct {
        char magic[32];
        uint32_t byteorder, mandatory, optional, length;
    } xl;
    struct record record;

    get(&xl, sizeof(xl));
    put(&xl, sizeof(xl));
    copy(xl.length);
    copy(LIBXL_HEADER);
    do {
        get(&record, sizeof(record));
        put(&record, sizeof(record));
        copy(padded(record.length));
        if ( record.type == LIBXL_LIBXC )
            edit_libxc(edit);
    } while ( record.type );

    return fflush(stdout) ? 1 : 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
