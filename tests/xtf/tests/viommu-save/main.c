/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain is saved and restored in the middle of a full queue.
 *
 * Each round is one write of IQT for 32767 waits, each of which has a status of
 * its own: all of them have to come, and the queue has to be at its end.
 * "SAVE-NOW" on the console asks for the domain to be saved, restored, and told
 * by its power button.  It then says "SAVE-DONE" and waits for the button again:
 * how many descriptors Xen has counted since the restore is no multiple of a
 * round if it was in the middle of one.
 */

#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: saved in the middle of a full queue";

#define WAIT_US                 40000000
#define TOLD_US                 150000000

static volatile uint32_t status[QI_ENTRIES(QI_MAX_QS)] __page_aligned_bss;

static bool one_round(uint32_t round)
{
    unsigned int n, missing = 0;

    for ( n = 0; n < qi_size - 1; n++ )
        qi_put_wait(QI_WAIT_SW, &status[n], round);
    qi_submit();

    if ( !check(wait_for(status[n - 1] == round, WAIT_US),
                "round %u: not complete, IQH %#x, IQT %#x, FSTS %#x", round,
                qi_head(), qi_tail, vtd_rd32(VTD_FSTS)) )
        return false;

    for ( n = 0; n < qi_size - 1; n++ )
        missing += status[n] != round;
    check(!missing, "round %u: %u statuses are missing", round, missing);
    check_eq("IQH", qi_head(), qi_tail);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);

    return !missing;
}

void test_main(void)
{
    uint64_t begin = tsc();
    uint32_t round = 1;

    if ( !vtd_init() || !qi_init() || !qi_enable(QI_MAX_QS) ||
         !one_round(round) )
        return;

    printk("SAVE-NOW\n");
    do {
        if ( !one_round(++round) )
            return;
    } while ( !told_to_end() &&
              check(tsc() - begin < us_to_tsc(TOLD_US), "nobody says stop") );

    outw(PWRBTN_STS, PM1A_STS);
    printk("SAVE-DONE\n");
    check(wait_for(told_to_end(), WAIT_US), "nobody says stop again");
    printk("SAVE rounds=%u\n", round);

    qi_disable();
    subtest(NULL);
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
