/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of a domain's context that are loaded: of which units, how many, and of
 * which length.  What is in them test-record has.
 */
#include "saved.h"
#include "context.h"

struct hvm_viommu_unit context_unit;
char context_said[128];
unsigned int context_allocs = ~0u;

static uint8_t data[3 * sizeof(struct hvm_hw_viommu)] __attribute__((aligned(8)));
static hvm_domain_context_t context = { .data = data };
static struct viommu_units units;
static struct domain domain = { .domain_id = 1 };

int context_save_entry(hvm_domain_context_t *h, unsigned int type,
                       unsigned int instance, const void *from, uint32_t length)
{
    struct hvm_save_descriptor *desc = context_at(h);

    desc->typecode = type;
    desc->instance = instance;
    desc->length = length;
    memcpy(desc + 1, from, length);
    h->cur += sizeof(*desc) + length;

    return 0;
}

/* As Xen's. */
int context_load_entry(hvm_domain_context_t *h, unsigned int type, void *to,
                       uint32_t length, bool strict)
{
    const struct hvm_save_descriptor *desc = context_at(h);

    if ( h->size - h->cur < sizeof(*desc) || desc->typecode != type ||
         (strict ? desc->length != length : desc->length > length) ||
         desc->length > h->size - h->cur - sizeof(*desc) )
        return -1;
    memset(to, 0, length);
    memcpy(to, desc + 1, desc->length);
    h->cur += sizeof(*desc) + desc->length;

    return 0;
}

/* A context with a header, and room for records of a unit that nobody uses yet. */
static void begin(void)
{
    static const uint8_t header[40];

    save();
    unit_replace(viommu->aw, viommu->haw);
    units.nr = 1;
    units.unit[0] = viommu;
    domain.arch.hvm.viommu = &units;
    context.cur = 0;
    context_unit.thaw = false;
    context_save_entry(&context, CONTEXT_HEADER, 0, header, sizeof(header));
}

static void add(unsigned int instance, uint32_t length)
{
    static uint8_t longer[sizeof(rec) + 64];

    memcpy(longer, &rec, sizeof(rec));
    context_save_entry(&context, CONTEXT_VIOMMU, instance, longer, length);
}

/* The end of the context, and all of it is loaded. */
static int load_all(void)
{
    int rc = 0;

    context.size = context.cur;
    context.cur = context_said[0] = 0;
    while ( !rc && context.cur < context.size )
    {
        const struct hvm_save_descriptor *desc = context_at(&context);

        if ( desc->typecode == CONTEXT_VIOMMU )
            rc = context_load(&domain, &context);
        else
            context.cur += sizeof(*desc) + desc->length;
    }

    return rc;
}

static void refused(int rc, const char *why)
{
    check(load_all() == rc && strstr(context_said, why),
          "not refused by \"%s\", says \"%s\"", why, context_said);
    assert_false(context_unit.thaw);
}

static void test_one(void **state)
{
    struct vcpu v = { .domain = &domain };

    (void)state;
    begin();
    assert_int_equal(context_save(&v, &context), 0);
    assert_int_equal(load_all(), 0);
    assert_true(context_unit.thaw);
    assert_true(unit_stats().flags & XEN_VIOMMU_STATS_RESTORED);
}

static void test_second(void **state)
{
    (void)state;
    begin();
    add(0, sizeof(rec));
    assert_int_equal(load_all(), 0);
    context_unit.thaw = false;
    context.cur = context.size;
    add(0, sizeof(rec));
    load_all();
    assert_non_null(strstr(context_said, "a second one of the same unit"));

    /* Another context may have one again. */
    begin();
    add(0, sizeof(rec));
    assert_int_equal(load_all(), 0);
}

static void test_length(void **state)
{
    uint32_t length;

    (void)state;
    for ( length = 0; length <= sizeof(rec) + 64; length += 4 )
    {
        if ( length == sizeof(rec) )
            continue;
        begin();
        add(0, length);
        keep();
        refused(-EINVAL, "torn, or of another length");
        check_kept();
    }
}

static void test_torn(void **state)
{
    uint32_t lost;

    (void)state;
    for ( lost = 1; lost <= sizeof(rec); lost += 3 )
    {
        begin();
        add(0, sizeof(rec));
        context.cur -= lost;
        keep();
        refused(-EINVAL, "torn, or of another length");
        check_kept();
    }
}

static void test_unit(void **state)
{
    (void)state;
    begin();
    add(1, sizeof(rec));
    refused(-ENODEV, "the domain was created with fewer units");
    begin();
    add(UINT16_MAX, sizeof(rec));
    refused(-ENODEV, "the domain was created with fewer units");
    begin();
    add(0, sizeof(rec));
    domain.arch.hvm.viommu = NULL;
    refused(-ENODEV, "the domain was created without one");
}

/* No memory for a record: nothing is saved, nothing loaded, and both can be repeated. */
static void test_no_memory(void **state)
{
    struct vcpu v = { .domain = &domain };
    uint32_t empty;

    (void)state;
    begin();
    empty = context.cur;
    context_allocs = 0;
    assert_int_equal(context_save(&v, &context), -ENOMEM);
    assert_int_equal(context.cur, empty);
    assert_int_equal(context_save(&v, &context), 0);

    keep();
    context_allocs = 0;
    assert_int_equal(load_all(), -ENOMEM);
    assert_false(context_unit.thaw);
    check_kept();
    context.cur = context.size;
    assert_int_equal(load_all(), 0);
    assert_true(context_unit.thaw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_one),
        queue_test(test_no_memory),
        queue_test(test_second),
        queue_test(test_length),
        queue_test(test_torn),
        queue_test(test_unit),
    };

    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
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
