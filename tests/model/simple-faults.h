/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults of the simple form, chosen as in ledger-faults.h. */
c_decl {
    static int fault;
    static void __attribute__((constructor)) choose_fault(void)
    {
        const char *s = getenv("FAULT");

        fault = s ? atoi(s) : 0;
    }
}
#define F(n) c_expr { fault == n }

/* Xen: takes it that the DM holds nothing */
#define HANDED_IGNORED          F(1)
/* Xen: forgets what it has handed out */
#define HANDED_NOT_RAISED       F(2)
/* Xen: hands out the generation at the end of a walk */
#define GENERATION_AFTER_WALK   F(3)
/* Xen: does not fire the event channel */
#define EVENT_LOST              F(4)
/* Xen: does not notice that the DM has died */
#define DEATH_UNNOTICED         F(5)
/* the DM: takes the event for handled too late */
#define EVENT_CLEARED_LATE      F(6)
/* the DM: keeps its cache */
#define CACHE_KEPT              F(7)
/* the DM: acknowledges without looking for DMA */
#define BUSY_IGNORED            F(8)
/* the DM: acknowledges at once */
#define ACK_AT_ONCE             F(9)
/* the DM: does not acknowledge when a DMA ends */
#define END_NOT_TOLD            F(10)
