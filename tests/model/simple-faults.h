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

/* Xen: takes it that the DM holds nothing; forgets what it has handed out */
#define HANDED_IGNORED          F(1)
#define HANDED_NOT_RAISED       F(2)
/* Xen: the generation handed out is that at the end of the walk */
#define GENERATION_AFTER_WALK   F(3)
/* Xen: does not fire the event channel; does not notice death */
#define EVENT_LOST              F(4)
#define DEATH_UNNOTICED         F(5)
/* the DM: asks for the generation, and then takes the event for handled */
#define EVENT_CLEARED_LATE      F(6)
/* the DM: keeps its cache */
#define CACHE_KEPT              F(7)
/* the DM: acknowledges without looking for DMA; at once */
#define BUSY_IGNORED            F(8)
#define ACK_AT_ONCE             F(9)
/* the DM: does not acknowledge when a DMA ends */
#define END_NOT_TOLD            F(10)
