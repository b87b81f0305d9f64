/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain is saved and restored twice, and migrated, while a disk writes to
 * its memory by way of the unit.
 *
 * The processor writes a page, and some time later the disk does.  So what the
 * disk wrote is in a copy of the memory only if the page was copied again, or
 * was copied late.  The same with the area where the port leaves what it has
 * received.  "MIGRATE-NOW" on the console asks for all that, and to be told by
 * the power button when it is done.
 *
 * There are two units, of which each has to be what it was.
 */

#include "../viommu-lib/ahci.h"
#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: saved and migrated under a disk";

#define DID                     7
#define IOVA                    0x40000000u
#define WAIT_US                 20000000
#define PAUSE_US                300000
#define TOLD_US                 300000000

#define PAGES                   16
#define BLOCK                   (512 / 8)
/* What the port receives when a command has ended. */
#define FIS_D2H                 (0x40 / 4)
#define D2H                     0x34

static uint32_t list[1024] __page_aligned_bss;
static uint32_t fis[1024] __page_aligned_bss;
static uint32_t table[1024] __page_aligned_bss;
static uint64_t target[PAGES][512] __page_aligned_bss;

static struct vtd_dom dom;
static bool is_read[PAGES];

static void fill(unsigned int page)
{
    FILL(target[page], SIGNATURE(i_));
    is_read[page] = false;
}

static void check_pages(unsigned int round)
{
    unsigned int page, i, wrong;

    for ( page = 0; page < PAGES; page++ )
    {
        for ( wrong = i = 0; i < WORDS; i++ )
            wrong += target[page][i] !=
                     (is_read[page] && i < BLOCK ? 0 : SIGNATURE(i));
        check(!wrong, "round %u: %u words of page %u are old", round, wrong,
              page);
    }
}

/* Unit 0 has tables of its own, and addresses of another width. */
static void check_units(unsigned int round)
{
    vtd_unit = 0;
    check(vtd_rd32(VTD_GSTS) & VTD_TE && vtd_rd64(VTD_RTADDR) == _u(vtd_root) &&
          vtd_rd64(VTD_CAP) == vtd.cap,
          "round %u: unit 0 is another one", round);
    check_eq("number of faults of unit 0", vtd_faults_clear(), 0);
    vtd_unit = 1;
    check(vtd_rd32(VTD_GSTS) & VTD_TE && vtd_rd64(VTD_RTADDR) == _u(vtd_root) &&
          vtd_rd64(VTD_CAP) != vtd.cap,
          "round %u: unit 1 is another one", round);
}

static bool one_round(unsigned int round)
{
    unsigned int page = round % PAGES;

    fis[FIS_D2H] = 0;
    fill((round + PAGES / 2) % PAGES);
    delay_us(PAUSE_US);

    ahci_issue(list, table, _u(table), IOVA + 4096 * page);
    if ( !check(wait_for(!ahci_busy(), WAIT_US),
                "round %u: the disk does not end", round) )
        return false;
    check(!(ahci_rd(PORT_TFD) & TFD_ERR), "round %u: error of the disk", round);
    is_read[page] = true;
    delay_us(PAUSE_US);

    check((ACCESS_ONCE(fis[FIS_D2H]) & 0xff) == D2H,
          "round %u: what the port received is old", round);
    check_pages(round);
    check_units(round);
    check_eq("number of faults", vtd_faults_clear(), 0);

    return true;
}

void test_main(void)
{
    uint64_t begin = tsc();
    unsigned int round = 0, page;
    uint16_t sid;

    if ( !vtd_init() )
        return;

    sid = ahci_find();
    if ( sid == PCI_NONE )
        return xtf_error("No AHCI controller\n");

    if ( !vtd_enable() )
        return;

    vtd_unit = 1;
    dom = vtd_dom_new(3, DID);
    vtd_map(&dom, _u(list), _u(list), 1, PTE_RW);
    vtd_map(&dom, _u(fis), _u(fis), 1, PTE_RW);
    vtd_map(&dom, _u(table), _u(table), 1, PTE_RW);
    for ( page = 0; page < PAGES; page++ )
    {
        vtd_map(&dom, IOVA + 4096 * page, _u(target[page]), 1, PTE_RW);
        fill(page);
    }
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return;
    ahci_start(_u(list), _u(fis));

    if ( !one_round(round) )
        return;
    printk("MIGRATE-NOW\n");
    do {
        if ( !one_round(++round) )
            return;
    } while ( !told_to_end() &&
              check(tsc() - begin < us_to_tsc(TOLD_US), "nobody says stop") );
    printk("MIGRATE rounds=%u\n", round);

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
