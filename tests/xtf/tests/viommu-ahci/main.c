/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AHCI disks: one that is refused the list of its buffers, and what ports keep
 * mapped for as long as they run, the list of commands and the area where they
 * leave what they receive.  These are the guest's again when an invalidation is
 * complete, and it is complete while the storage is still busy: the second disk
 * takes some 4 s for a block.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/pci.h"

const char test_title[] = "vIOMMU: AHCI disks";

#define PCI_COMMAND             0x04
#define PCI_BAR5                0x24
#define AHCI_CLASS              0x010601
#define BASE                    0xf0000000u

#define HBA_GHC                 0x04
#define  GHC_AE                 (1u << 31)
#define PORT(reg)               (0x100 + 0x80 * port + (reg))
#define PORT_CLB                PORT(0x00)
#define PORT_CLBU               PORT(0x04)
#define PORT_FB                 PORT(0x08)
#define PORT_FBU                PORT(0x0c)
#define PORT_IS                 PORT(0x10)
#define  IS_TFES                (1u << 30)
#define PORT_CMD                PORT(0x18)
#define  CMD_ST                 (1u << 0)
#define  CMD_FRE                (1u << 4)
#define PORT_TFD                PORT(0x20)
#define  TFD_ERR                0x01
#define PORT_CI                 PORT(0x38)

#define ATA_READ_DMA            0xc8

#define DID                     7
#define IOVA                    0x40000000ull
#define ROUNDS                  20
#define STALL_US                20000000

/* The command's FIS ends a page, the table of its buffers begins the next. */
static uint32_t list[1024] __page_aligned_bss;
static uint32_t fis[1024] __page_aligned_bss;
static uint32_t table[2048] __page_aligned_bss;
static uint64_t target[512] __page_aligned_bss;

static uint32_t *const cfis = table + 1024 - 0x80 / 4;
static uint32_t *const prdt = table + 1024;

static struct vtd_dom dom;
static unsigned int port;

static uint32_t rd(unsigned int reg)
{
    return *(volatile uint32_t *)_p(BASE + reg);
}

static void wr(unsigned int reg, uint32_t val)
{
    *(volatile uint32_t *)_p(BASE + reg) = val;
}

static void start(void)
{
    wr(PORT_CMD, 0);
    wr(HBA_GHC, GHC_AE);
    wr(PORT_CLB, _u(list));
    wr(PORT_CLBU, 0);
    wr(PORT_FB, _u(fis));
    wr(PORT_FBU, 0);
    wr(PORT_CMD, CMD_FRE);
    wr(PORT_CMD, CMD_FRE | CMD_ST);
}

/* Have a block read. */
static void issue(void)
{
    unsigned int i;

    for ( i = 0; i < 512; i++ )
        target[i] = ~0ull;
    list[0] = (1u << 16) | 5;
    list[1] = 0;
    list[2] = _u(cfis);
    list[3] = 0;
    cfis[0] = 0x27 | (1u << 15) | (ATA_READ_DMA << 16);
    cfis[1] = 0x40u << 24;
    cfis[2] = 0;
    cfis[3] = 1;
    prdt[0] = IOVA;
    prdt[1] = prdt[2] = 0;
    prdt[3] = 511;
    wmb();

    /* A command that ends with an error may stay issued until CMD.ST is clear. */
    wr(PORT_IS, ~0u);
    wr(PORT_CI, 1);
}

/* Read one.  Returns the task file. */
static uint32_t read_block(void)
{
    issue();
    check(wait_for(!(rd(PORT_CI) & 1) || (rd(PORT_IS) & IS_TFES),
                   STALL_US),
          "the disk does not end");

    return rd(PORT_TFD);
}

static void test_good(void)
{
    check(!(read_block() & TFD_ERR), "the disk has an error");
    check(target[0] == 0 && target[63] == 0 && target[64] == ~0ull,
          "the disk has not written what it was to");
    check_eq("number of faults", vtd_faults_clear(), 0);
}

static void test_refused(void)
{
    unsigned int i;

    vtd_map(&dom, _u(prdt), 0, 1, 0);
    vtd_iotlb_pages(DID, _u(prdt), 0);
    for ( i = 0; i < ROUNDS; i++ )
    {
        check(read_block() & TFD_ERR, "the disk has no error");
        check(target[0] == ~0ull, "a transfer that failed has written");
        check_eq("number of faults", vtd_faults_clear(), 1);
        start();
    }
    vtd_map(&dom, _u(prdt), _u(prdt), 1, PTE_RW);
}

/* An idle port touches neither, and finds them again when it needs them. */
static void test_idle(void)
{
    vtd_map(&dom, _u(list), 0, 1, 0);
    vtd_map(&dom, _u(fis), 0, 1, 0);
    vtd_iotlb_pages(DID, _u(list), 0);
    vtd_iotlb_pages(DID, _u(fis), 0);
    check_eq("number of faults", vtd_faults_clear(), 0);
    vtd_map(&dom, _u(list), _u(list), 1, PTE_RW);
    vtd_map(&dom, _u(fis), _u(fis), 1, PTE_RW);
    test_good();
}

/*
 * Take both away from a command that is under way; @cmd, if not 0, is what CMD
 * becomes before.
 */
static void test_busy(uint32_t cmd)
{
    uint64_t *l = (void *)list, *f = (void *)fis;
    bool over = false;
    unsigned int n;

    issue();
    check(target[0] == ~0ull, "the disk is not throttled as it should be");
    if ( cmd )
    {
        wr(PORT_CMD, cmd);
        /* QEMU 10.0 ends the command with that, 10.2 does not. */
        over = ACCESS_ONCE(target[0]) == 0;
    }
    vtd_map(&dom, _u(list), 0, 1, 0);
    vtd_map(&dom, _u(fis), 0, 1, 0);
    vtd_iotlb_pages(DID, _u(list), 0);
    vtd_iotlb_pages(DID, _u(fis), 0);
    check(over || target[0] == ~0ull, "not complete before the disk was done");
    FILL(l, SIGNATURE(i_));
    FILL(f, SIGNATURE(i_));

    check(wait_for(ACCESS_ONCE(target[0]) == 0, STALL_US),
          "the disk has read nothing");
    /* Who answers this has done with the command. */
    rd(PORT_CI);
    n = COUNT(l, SIGNATURE(i_));
    check(n == WORDS, "%u words of the list written later", WORDS - n);
    n = COUNT(f, SIGNATURE(i_));
    check(n == WORDS, "%u words of the receive area written later", WORDS - n);

    vtd_map(&dom, _u(list), _u(list), 1, PTE_RW);
    vtd_map(&dom, _u(fis), _u(fis), 1, PTE_RW);
    vtd_faults_clear();
    start();
}

/* Stopped and started in the middle of a command. */
static void test_restart(void)
{
    issue();
    wr(PORT_CMD, CMD_FRE);
    wr(PORT_CMD, CMD_FRE | CMD_ST);
    check(wait_for(ACCESS_ONCE(target[0]) == 0, STALL_US),
          "the disk has read nothing");
    rd(PORT_CI);
    check_eq("number of faults", vtd_faults_clear(), 0);
    start();
}

void test_main(void)
{
    uint16_t sid;

    if ( !vtd_init() )
        return;

    sid = pci_find(AHCI_CLASS, 0);
    if ( sid == PCI_NONE )
        return xtf_error("No AHCI controller\n");
    pci_write(sid, PCI_BAR5, BASE);
    pci_write(sid, PCI_COMMAND, 6);

    dom = vtd_dom_new(vtd.max_levels, DID);
    vtd_map(&dom, _u(list), _u(list), 1, PTE_RW);
    vtd_map(&dom, _u(fis), _u(fis), 1, PTE_RW);
    vtd_map(&dom, _u(table), _u(table), 1, PTE_RW);
    vtd_map(&dom, _u(prdt), _u(prdt), 1, PTE_RW);
    vtd_map(&dom, IOVA, _u(target), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return;
    start();

    subtest("a transfer");
    test_good();
    subtest("without its table");
    test_refused();
    subtest("a transfer after that");
    test_good();
    subtest("an idle port");
    test_idle();

    port = 1;
    start();
    subtest("a disk that takes long");
    test_good();
    subtest("its list taken away");
    test_busy(0);
    subtest("its list taken away when it is stopped");
    test_busy(CMD_FRE);
    subtest("stopped and started");
    test_restart();
    subtest("a transfer after all that");
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
