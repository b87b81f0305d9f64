/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of the fake host's guest, see fake.h. */
#include <sys/mman.h>

#include "unit.h"

#define PAGE_SHIFT 12
#define LOW_PAGES  (FAKE_LOW_SIZE >> PAGE_SHIFT)
#define HIGH_PAGES (FAKE_HIGH_SIZE >> PAGE_SHIFT)

static uint8_t *ram;                        /* low, then high */
static bool hole[LOW_PAGES + HIGH_PAGES];   /* pages that are not there */
static bool read_only[LOW_PAGES + HIGH_PAGES];

static unsigned int page_index(uint64_t gpa)
{
    if ( gpa < FAKE_LOW_SIZE )
        return gpa >> PAGE_SHIFT;
    if ( gpa >= FAKE_HIGH_BASE && gpa < FAKE_HIGH_BASE + FAKE_HIGH_SIZE )
        return LOW_PAGES + ((gpa - FAKE_HIGH_BASE) >> PAGE_SHIFT);

    return ~0u;
}

bool fake_is_ram(uint64_t gpa)
{
    unsigned int index = page_index(gpa);

    return index != ~0u && !hole[index] && !fake_is_device(gpa);
}

void fake_set_ram(uint64_t gpa, bool there)
{
    assert_int_not_equal(page_index(gpa), ~0u);
    hole[page_index(gpa)] = !there;
}

bool fake_is_device(uint64_t gpa)
{
    return fake.device && gpa >> PAGE_SHIFT == fake.device >> PAGE_SHIFT;
}

void fake_set_read_only(uint64_t gpa)
{
    assert_int_not_equal(page_index(gpa), ~0u);
    read_only[page_index(gpa)] = true;
}

bool fake_is_read_only(uint64_t gpa)
{
    return read_only[page_index(gpa)];
}

uint8_t *fake_at(uint64_t gpa)
{
    return ram + ((uint64_t)page_index(gpa) << PAGE_SHIFT) + (gpa & 4095);
}

uint64_t fake_peek(uint64_t gpa)
{
    uint64_t val;

    assert_int_not_equal(page_index(gpa), ~0u);
    memcpy(&val, fake_at(gpa), sizeof(val));

    return val;
}

const uint64_t *fake_page(uint64_t gpa)
{
    return page_index(gpa) == ~0u ? NULL : (const void *)fake_at(gpa);
}

void fake_poke(uint64_t gpa, uint64_t val)
{
    assert_int_not_equal(page_index(gpa), ~0u);
    memcpy(fake_at(gpa), &val, sizeof(val));
}

void fake_memory_new(void)
{
    fake_free();
    ram = mmap(NULL, (size_t)FAKE_LOW_SIZE + FAKE_HIGH_SIZE,
               PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(ram != MAP_FAILED);
    memset(hole, 0, sizeof(hole));
    memset(read_only, 0, sizeof(read_only));
}

void fake_free(void)
{
    if ( ram )
        munmap(ram, (size_t)FAKE_LOW_SIZE + FAKE_HIGH_SIZE);
    ram = NULL;
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
