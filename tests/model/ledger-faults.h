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

/* Barriers: none of Xen's (A), Xen's (B), the DM's (A), the DM's (B) */
#define NO_BARRIER_XEN_A        F(1)
#define NO_BARRIER_XEN_B        F(2)
#define NO_BARRIER_DM_A         F(3)
#define NO_BARRIER_DM_B         F(4)
/* the head moves before the entry is there */
#define HEAD_BEFORE_ENTRY       F(5)
/* the DM: does not look at the log; looks before it publishes */
#define NOT_VALIDATED           F(6)
#define VALIDATED_FIRST         F(7)
/* the DM: does not see that the log has been overwritten; one entry too late */
#define OVERFLOW_IGNORED        F(8)
#define OVERFLOW_OFF_BY_ONE     F(9)
/* the DM: translation put in the cache though the log has been applied since */
#define STALE_FILL              F(10)
/* the DM: DMA without a slot says nothing */
#define FLOOR_NOT_STORED        F(11)
/* the DM: reads waited[] before it frees the slot; does not tell Xen */
#define WAITED_READ_FIRST       F(12)
#define NO_ACK                  F(13)
/* Xen: complete as soon as requested */
#define EARLY_ACK               F(14)
/* Xen: looks for the other domain id */
#define WRONG_DID               F(15)
/* Xen: takes every walk for the same; does not compare the domain id */
#define WALK_IGNORED            F(16)
#define DID_NOT_COMPARED        F(17)
/* Xen: does not look at floor; at seq, when it looks again */
#define FLOOR_IGNORED           F(18)
#define SEQ_NOT_CHECKED         F(19)
/* the order of the words of a slot */
#define SEQ_NOT_READ_FIRST      F(20)
#define SEQ_NOT_WRITTEN_LAST    F(21)
/* Xen: the generation handed out is that at the end of the walk */
#define GENERATION_AFTER_WALK   F(22)
/* Xen: a slot left busy by a DM that died; death not noticed */
#define ATTACH_CLEARS_NOTHING   F(23)
#define DEATH_UNNOTICED         F(24)
/* Xen: what becomes pending during a scan is taken for scanned */
#define PENDING_LOST            F(25)
/* Xen: blocked for the newest generation, not the first of the scan */
#define BLOCKED_TOO_LATE        F(26)
