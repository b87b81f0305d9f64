/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults, each of which has to be found.  $FAULT has the number of the one
 * that the model has when it is run, 0 for none.
 */
c_decl {
    static int fault;
    static void __attribute__((constructor)) choose_fault(void)
    {
        const char *s = getenv("FAULT");

        fault = s ? atoi(s) : 0;
    }
}
#define F(n) c_expr { fault == n }

/* none of Xen's barrier (A) */
#define NO_BARRIER_XEN_A        F(1)
/* none of Xen's barrier (B) */
#define NO_BARRIER_XEN_B        F(2)
/* none of the DM's barrier (A) */
#define NO_BARRIER_DM_A         F(3)
/* none of the DM's barrier (B) */
#define NO_BARRIER_DM_B         F(4)
/* Xen: the head moves before the entry is there */
#define HEAD_BEFORE_ENTRY       F(5)
/* the DM: does not look at the log */
#define NOT_VALIDATED           F(6)
/* the DM: looks at the log before it publishes */
#define VALIDATED_FIRST         F(7)
/* the DM: does not see that the log was overwritten */
#define OVERFLOW_IGNORED        F(8)
/* the DM: sees one entry too late that it was */
#define OVERFLOW_OFF_BY_ONE     F(9)
/* the DM: caches what the log has gone beyond */
#define STALE_FILL              F(10)
/* the DM: DMA without a slot says nothing */
#define FLOOR_NOT_STORED        F(11)
/* the DM: reads waited[] before it frees the slot */
#define WAITED_READ_FIRST       F(12)
/* the DM: does not tell Xen */
#define NO_ACK                  F(13)
/* Xen: complete as soon as requested */
#define EARLY_ACK               F(14)
/* Xen: looks for the other domain id */
#define WRONG_DID               F(15)
/* Xen: takes every walk for the same */
#define WALK_IGNORED            F(16)
/* Xen: does not compare the domain id */
#define DID_NOT_COMPARED        F(17)
/* Xen: does not look at floor */
#define FLOOR_IGNORED           F(18)
/* Xen: does not look at seq when it looks again */
#define SEQ_NOT_CHECKED         F(19)
/* Xen: does not read seq first */
#define SEQ_NOT_READ_FIRST      F(20)
/* the DM: does not write seq last */
#define SEQ_NOT_WRITTEN_LAST    F(21)
/* Xen: hands out the generation at the end of a walk */
#define GENERATION_AFTER_WALK   F(22)
/* Xen: a slot stays busy after its DM has died */
#define ATTACH_CLEARS_NOTHING   F(23)
/* Xen: does not notice that the DM has died */
#define DEATH_UNNOTICED         F(24)
/* Xen: what comes during a scan is taken for scanned */
#define PENDING_LOST            F(25)
/* Xen: blocked for the newest, not the first */
#define BLOCKED_TOO_LATE        F(26)
/* the DM: the other way round, looks the address up before it stores floor */
#define LOOKED_UP_FIRST         F(27)
/* Xen: clears what is the DM's when it finds the port unbound */
#define UNBOUND_CLEARS          F(28)
/* the DM, which walks: reads the log after the tables */
#define POSITION_AFTER_WALK     F(29)
/* the DM, which walks: keeps a device's entry until the log is against it */
#define CONTEXT_KEPT            F(30)
