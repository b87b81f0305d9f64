/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile record: that of a unit in use, with anything written over some of
 * it.  Either it is refused, and nothing has changed, or the unit that has
 * loaded it says the same when it is saved, and does bounded work for whatever
 * comes then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "small-host.h"

#define DM        7
#define QUEUE     0x30000ULL
#define MAX_WALKS (VIOMMU_SCAN_WORK / VIOMMU_SCAN_WALK + 1)

const uint8_t *fuzz_at, *fuzz_end;

static struct seen seen;

_Noreturn void fuzz_failed(const char *why)
{
    printf("# %s\n", why);
    fflush(stdout);
    abort();
}

void harness_bug(const char *what, const char *file, int line)
{
    printf("# %s:%d: %s\n", file, line, what);
    fflush(stdout);
    abort();
}

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
    host.locked_reads = host.writes = 0;
}

static void end(void)
{
    if ( host.held )
        fuzz_failed("a lock is held");
    if ( host.locked_reads > 32 + 6 * MAX_WALKS || host.writes > 64 + 32 )
        fuzz_failed("too much work");
}

static void write_reg(unsigned int size, unsigned int off, uint64_t val)
{
    begin();
    viommu_mmio_write(host.viommu, BASE + off, size, val, true);
    end();
}

static void attach(unsigned int version)
{
    struct xen_dm_op_viommu_attach op = { .version = version };

    begin();
    if ( !viommu_attach(host.viommu, DM, &op) )
        host.port[op.port] = PORT_BOUND;
    end();
}

static void poke(uint64_t gpa, uint64_t val)
{
    memcpy(at_gpa(host.memory, gpa), &val, 8);
}

/* A DMA that nothing is done about, so that the guest has to wait. */
static void in_flight(void)
{
    struct xen_viommu_xlat xlat = { .rid = 0x18, .iova = 0x5000, .access = 3 };
    uint64_t generation;

    poke(0x1000, 0x2001);
    poke(0x2180, 2 << 2 | 1);
    poke(0x2188, 2 | 5 << 8);
    attach(XEN_VIOMMU_DM_VERSION);
    viommu_translate(host.viommu, DM, &xlat, 1, &generation);
    host_slots[0] = (struct xen_viommu_slot){
        .iova = 0x5000, .gpa = 0x5000, .pages = 1, .seq = 1, .rid = 0x18,
        .did = 5, .access = 3,
    };
    host_ledger->busy[0] = 1;
    poke(0x2180, 0);
}

/* A unit that has been used. */
static void prepare(unsigned int how, bool remaps)
{
    unsigned int n;

    host_create(48, 46, how & 1 ? XEN_VIOMMU_CREATE_NO_QUEUE :
                        remaps ? XEN_VIOMMU_CREATE_INTREMAP : 0);
    host.seen = &seen;
    write_reg(8, 0x38, 0);
    write_reg(8, 0x40, 0xfee00000);
    write_reg(8, 0xa0, 0);
    write_reg(8, 0xa8, 0xfee00000);
    write_reg(8, 0x20, 0x1000);
    write_reg(4, 0x18, 1u << 31 | 1u << 30);
    if ( how & 2 )
        in_flight();
    for ( n = 0; n < 256; n++ )
    {
        poke(QUEUE + n * 16, n % 3 ? 5 | 2 << 4 | (n == 50) << 6 : 2 | 1 << 4);
        poke(QUEUE + n * 16 + 8, n % 3 ? 0x20000 + n * 4 : 0);
    }
    write_reg(8, 0x90, QUEUE);
    write_reg(4, 0x18, 1u << 31 | 1u << 26);
    write_reg(4, 0x88, (how & 4 ? 250 : 40) << 4);
    if ( how & 8 )
        write_reg(8, 0x28, 1ULL << 63 | 1ULL << 61);
    if ( how & 16 )
        write_reg(8, 0xf8, 1ULL << 63 | 1ULL << 60);
    if ( remaps )
    {
        write_reg(8, 0xb8, 0x8000 | 10);
        write_reg(4, 0x18, 0x87000000);
    }
    if ( how & 32 )
        write_reg(4, 0x18, 1u << 26);
}

static bool load(const struct hvm_hw_viommu *rec)
{
    static uint8_t unit[65536], mirror[sizeof(host_mirror)];
    size_t size = host.viommu->fe->size;
    struct hvm_hw_viommu again;
    const char *why;

    if ( size > sizeof(unit) )
        fuzz_failed("the unit is larger than thought");
    memcpy(unit, host.viommu, size);
    memcpy(mirror, host_mirror, sizeof(mirror));

    begin();
    if ( viommu_load(host.viommu, rec, &why) )
    {
        if ( !why || memcmp(unit, host.viommu, size) ||
             memcmp(mirror, host_mirror, sizeof(mirror)) )
            fuzz_failed("refused, but something has changed");
        end();
        return false;
    }
    end();
    if ( host.writes || host.reads || seen.nr_msi )
        fuzz_failed("loading goes beyond the unit");

    memset(&again, 0xa5, sizeof(again));
    viommu_save(host.viommu, &again);
    if ( memcmp(rec, &again, sizeof(again)) )
        fuzz_failed("what was loaded is something else");

    return true;
}

static void rest(void)
{
    for ( unsigned int i = 0; i < 32768 / 32 + 300; i++ )
    {
        bool more;

        begin();
        more = viommu_continue(host.viommu);
        end();
        if ( !more )
            return;
    }
    fuzz_failed("there is always more");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hvm_hw_viommu rec;
    unsigned int how, n;

    fuzz_at = data;
    fuzz_end = data + size;

    how = fuzz_take(1);
    n = fuzz_take(1);
    prepare(how, n & 0x80);
    viommu_save(host.viommu, &rec);

    for ( n &= 15; n && !fuzz_over(); n-- )
    {
        unsigned int at = fuzz_take(2) % sizeof(rec);
        unsigned int len = 1u << (fuzz_take(1) & 3);
        uint64_t val = fuzz_value();

        at -= at % len;
        memcpy((uint8_t *)&rec + at, &val, len);
    }
    /* All of it, from somewhere on. */
    if ( how & 128 )
        for ( n = fuzz_take(2) % sizeof(rec); n < sizeof(rec) && !fuzz_over();
              n++ )
            ((uint8_t *)&rec)[n] = fuzz_take(1);

    host_replace(46);
    host.reads = 0;
    if ( !load(&rec) )
        return 0;

    if ( how & 64 )
        attach(XEN_VIOMMU_DM_VERSION);
    rest();
    for ( n = 0; n < 8 && !fuzz_over(); n++ )
    {
        write_reg(4u << (fuzz_take(1) & 1), fuzz_take(1) * 4, fuzz_value());
        rest();
    }
    viommu_save(host.viommu, &rec);
    host_replace(46);
    host.reads = 0;
    if ( !load(&rec) )
        fuzz_failed("what it became cannot be loaded");

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
