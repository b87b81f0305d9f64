/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that is told to stop while it is still being refused its buffer.  A
 * string instruction tells it both before it can do anything else.
 */

#include "../viommu-lib/pci.h"
#include "../viommu-lib/vtd.h"

const char test_title[] = "vIOMMU: an IDE disk that is stopped while it faults";

#define PCI_COMMAND             0x04
#define PCI_BAR4                0x20
#define IDE_CLASS               0x010180

/* Bus mastering, the first channel. */
#define BM                      0xc000
#define BM_STATUS               (BM + 2)
#define BM_PRDT                 (BM + 4)
#define BM_START                1
#define BM_TO_MEMORY            8
#define BM_ACTIVE               1

#define ATA(reg)                (0x1f0 + (reg))
#define ATA_BUSY                0x80
#define ATA_READ_DMA            0xc8

#define DID                     7
#define IOVA                    0x40000000ull
#define IOVA_REFUSED            0x40010000ull
#define ROUNDS                  20

static uint32_t prdt[1024] __page_aligned_bss;
static uint64_t target[512] __page_aligned_bss;

/* One block to a page that is mapped, then @more. */
static void command(uint32_t more)
{
    unsigned int i;

    outb(0, BM);
    prdt[0] = IOVA;
    prdt[1] = 512;
    prdt[2] = more;
    prdt[3] = 512 | (1u << 31);
    wmb();

    outl(_u(prdt), BM_PRDT);
    outb(6, BM_STATUS);
    outb(0xe0, ATA(6));
    outb(2, ATA(2));
    for ( i = 3; i <= 5; i++ )
        outb(0, ATA(i));
    outb(ATA_READ_DMA, ATA(7));
}

static void fill(void)
{
    unsigned int i;

    for ( i = 0; i < 512; i++ )
        target[i] = ~0ull;
}

static void test_good(void)
{
    fill();
    command(IOVA + 512);
    outb(BM_START | BM_TO_MEMORY, BM);
    check(wait_for(!(inb(BM_STATUS) & BM_ACTIVE) &&
                   !(inb(ATA(7)) & ATA_BUSY), 5000000), "the disk does not end");
    check(target[0] == 0 && target[127] == 0 && target[128] == ~0ull,
          "the disk has not written what it was to");
    check_eq("number of faults", vtd_faults_clear(), 0);
}

static void test_stopped(void)
{
    static const char start_stop[] = { BM_START | BM_TO_MEMORY, 0 };
    unsigned int i;

    for ( i = 0; i < ROUNDS; i++ )
    {
        fill();
        command(IOVA_REFUSED);
        rep_outsb(start_stop, sizeof(start_stop), BM);
        check(!(inb(BM_STATUS) & BM_ACTIVE), "the disk is not stopped");
        check(target[0] == ~0ull, "a transfer that failed has written");
        check_eq("number of faults", vtd_faults_clear(), 1);
    }
}

void test_main(void)
{
    struct vtd_dom dom;
    uint16_t sid;

    if ( !vtd_init() )
        return;

    sid = pci_find(IDE_CLASS, 0);
    if ( sid == PCI_NONE )
        return xtf_error("No IDE controller\n");
    pci_write(sid, PCI_BAR4, BM);
    pci_write(sid, PCI_COMMAND, 5);
    /* Legacy decode of the channel, which firmware would have enabled. */
    pci_write(sid, 0x40, 0x80008000);

    dom = vtd_dom_new(vtd.max_levels, DID);
    vtd_map(&dom, _u(prdt), _u(prdt), 1, PTE_RW);
    vtd_map(&dom, IOVA, _u(target), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return;

    subtest("a transfer");
    test_good();
    subtest("stopped while it faults");
    test_stopped();
    subtest("a transfer after that");
    test_good();
    subtest(NULL);

    vtd_disable();
    xtf_success(NULL);
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
