/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the ledger's model: who has what, and where in its steps it is. */

#define NOFLOOR 7
#define BIT(n)  (1 << (n))

/* Pages of memory that are shared, and what Xen and the DM keep about them. */
typedef Slot {
    unsigned gpa  : 1;  /* shared, written by the DM */
    unsigned rid  : 1;
    unsigned did  : 1;
    unsigned busy : 1;
    unsigned waited : 1;/* shared, written by Xen */
    unsigned xw   : 1;  /* Xen: ledger->waited */
    unsigned w1   : 1;  /* Xen: value of the store WAITED1 */
    unsigned bseq : 3;  /* Xen: ledger->blocked[].seq, .generation */
    unsigned bgen : 3;
    unsigned taken : 1  /* DM */
};
Slot L[NS];
unsigned logs : 8;      /* NLOG entries of 2 bits */
#define ENTRY(pos) ((logs >> (2 * ((pos) % NLOG))) & 3)
unsigned head : 3;
unsigned floor : 3 = NOFLOOR;
bit fwaited;

/* The guest: table of each domain id (what its page is mapped to), of devices. */
bit pte[2];
bit ctx[2];
unsigned ninv : 3 = NINV;

/* Xen, under the lock. */
unsigned xpc : 4;
unsigned xbuf : 6;
unsigned position : 3;
unsigned done : 3;
unsigned goal : 3;
unsigned from : 3;
unsigned pending : 4;
unsigned scan : 4;
unsigned next : 2;      /* slot to be looked at */
unsigned ov : 2;        /* ... or looked at again */
unsigned ent : 2;       /* value of the store LOG */
bit fw;                 /* ledger->floor_waited */
bit f1;                 /* value of the store FW1 */
unsigned rseq : 3;      /* what was read of a slot */
bit rgpa;
bit rrid;
bit rdid;
unsigned ncrash : 2 = NCRASH;
unsigned npoll : 2 = NPOLL;
unsigned nslice : 2 = NSLICE;
bit all_over;           /* invalidations */
unsigned dead : 2;      /* the port is not bound: 1 as the DM is gone, 2 not yet */

#define X_IDLE    0     /* the lock is free */
#define X_SCAN    1
#define X_BUSY    2
#define X_W0      3
#define X_W1      4
#define X_W2      5
#define X_WALK    6
#define X_POLL    7
#define X_GONE    8     /* has found the port unbound */
#define X_OVBUSY  9
#define X_OVSEQ   10
#define X_OVFLOOR 11
#define X_SETTLE  12
#define X_UNLOCK  13

/* Stores of the CPU in Xen, oldest first. */
#define S_LOG     1
#define S_HEAD    2
#define S_WAITED1 4
#define S_FW1     8
#define S_WAITED2 16
#define S_FW2     32

/* The DM. */
typedef Thread {
    unsigned pc   : 4;
    unsigned left : 2;
    unsigned rid  : 1;
    unsigned did  : 1;
    unsigned val  : 1;  /* what it translates to */
    unsigned p    : 3;  /* has seen the log below this */
    unsigned slot : 2;
    unsigned buf  : 6;
    unsigned pos  : 3;
    unsigned h    : 3;
    unsigned flag : 1;  /* covered; floor rose; Xen waits */
    unsigned again : 1;
    unsigned st   : 1   /* for checks only: differed from the tables */
};
Thread T[NT];
unsigned cdid0 : 2;     /* cache: 1 + domain id of each device */
unsigned cdid1 : 2;
unsigned cval0 : 2;     /* cache: 1 + translation of each domain id */
unsigned cval1 : 2;
unsigned applied : 3;

#define BY_FLOOR    2   /* values of slot, with NS <= 2 */
#define WAS_FLOOR   3

#define T_IDLE   0
#define T_ASK    1
#define T_WALK   2
#define T_FILL   3
#define T_PUB    4
#define T_HEAD   5
#define T_ENTRY  6
#define T_AGAIN  7
#define T_RETIRE 8
#define T_DMA    9      /* in flight */
#define T_WAITED 10
#define T_PUT    11
#define T_TELL   12
#define T_INXEN  13
#define T_DEAD   14
#define T_FIRST  15     /* the other way round: has stored floor, looks up next */
#ifdef OWN
#ifdef FIRST
#error OWN without FIRST: there are no more values
#endif
#define T_OWN    15     /* walks the tables by itself, which it has not begun to */
#else
#define T_OWN    16     /* never */
#endif

/* Stores of a thread's CPU, oldest first. */
#define D_GPA    1
#define D_IDS    2
#define D_SEQ    4
#define D_BUSY   8
#define D_FREE   16
#define D_FLOOR  32

typedef Vcpu {
    unsigned pc   : 2;
    unsigned kind : 2;
    unsigned gen  : 3;
    /* for checks only: values in the tables while it waits, by device ... */
    unsigned seen : 4;
    /* ... and of the domain, for DMA that began in it whatever its device */
    unsigned seend : 2
};
Vcpu V[NV];

#define V_IDLE   0
#define V_CHANGED 1     /* the table, and is about to invalidate */
#define V_WAIT   2

/*
 * For checks only: the values that DMA may use now, by device, and by the domain
 * that it began in.  A change of the tables adds one; an invalidation that is
 * complete removes those that have not been in the tables since it was requested.
 */
unsigned legal : 4 = 5;
unsigned legald : 4 = 5;
#define LEGAL(t) \
    ((legal >> (2 * T[t].rid + T[t].val)) & 1 && \
     (legald >> (2 * T[t].did + T[t].val)) & 1)

hidden byte i, j, a, b;
hidden int ka, kb;
