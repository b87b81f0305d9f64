/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simple form (version 1 of the protocol with the DM), see docs/model.md.
 *
 * As ledger.pml: one process does the steps of all, so that what is alike can
 * be sorted; no cycles; and so liveness is a property of the states in which
 * nothing is left to be done but that DMA ends.
 *
 * Nothing is shared but through hypercalls under Xen's lock, each of which is
 * one step, and page tables, which the guest's CPU has written before its exit
 * ends.  So there are no store buffers in here.
 */

#ifndef NT
#define NT      3       /* devices, the DMA of which is under way at once */
#endif
#ifndef NV
#define NV      2       /* CPUs of the guest */
#endif
#ifndef NDMA
#define NDMA    2       /* DMA of each device */
#endif
#ifndef NINV
#define NINV    4       /* invalidations, of all CPUs together */
#endif
#ifndef NCRASH
#define NCRASH  1       /* deaths of the DM */
#endif

#define BIT(n)  (1 << (n))

#include "simple-faults.h"

/* The guest: the table of each domain id, which is also the device's number. */
bit pte[2];
unsigned ninv : 3 = NINV;

/* Xen: struct viommu_drain. */
unsigned requested : 3;
unsigned acked : 3;
unsigned handed : 3;
bit event;              /* the port is pending */
bit dead;               /* ... or not bound */
unsigned ncrash : 2 = NCRASH;

/* The DM: struct XenViommu; XenViommuDrain is the records T[].p. */
unsigned gen : 3;
unsigned asked : 3;     /* drain.requested */
unsigned given : 3;     /* drain.acked */
unsigned cache : 4;     /* 2 bits for each domain: 1 + value */
bit bql;                /* somebody is between two steps under the BQL */
unsigned answer : 3;    /* what the event handler has been told */
bit handling;

typedef Thread {
    unsigned pc   : 3;
    unsigned left : 2;
    unsigned did  : 1;
    unsigned val  : 1;
    unsigned p    : 3;  /* the generation it is recorded under */
    unsigned ack  : 3;  /* to be acknowledged */
    unsigned st   : 1   /* for checks only: differed from the tables */
};
Thread T[NT];
unsigned hack : 3;      /* the same of the event handler */

#define T_IDLE   0
#define T_WALK   1
#define T_RECORD 2
#define T_DMA    3
#define T_ACK    4
#define T_DEAD   5

typedef Vcpu {
    unsigned pc   : 2;
    unsigned did  : 1;
    unsigned gen  : 3;
    unsigned seen : 2
};
Vcpu V[NV];

#define V_IDLE    0
#define V_CHANGED 1
#define V_WAIT    2

/* For checks only: see ledger-state.h. */
unsigned legal : 4 = 5;
#define LEGAL(t) ((legal >> (2 * T[t].did + T[t].val)) & 1)

hidden byte i, j, a, b;
hidden int ka, kb;

#define KEY(t) (T[t].pc | T[t].left << 3 | T[t].did << 5 | T[t].val << 6 | \
                T[t].p << 7 | T[t].ack << 10 | T[t].st << 13)
#define VKEY(v) (V[v].pc | V[v].did << 2 | V[v].gen << 3 | V[v].seen << 6)
#define SWAP(x, y) a = x; x = y; y = a

inline order(s, t)
{
    ka = KEY(s); kb = KEY(t);
    if
    :: ka > kb ->
        SWAP(T[s].pc, T[t].pc); SWAP(T[s].left, T[t].left);
        SWAP(T[s].did, T[t].did); SWAP(T[s].val, T[t].val);
        SWAP(T[s].p, T[t].p); SWAP(T[s].ack, T[t].ack);
        SWAP(T[s].st, T[t].st)
    :: else
    fi
}

inline sort()
{
#if NT > 1
    order(0, 1);
#endif
#if NT > 2
    order(1, 2); order(0, 1);
#endif
    ka = VKEY(0); kb = VKEY(NV - 1);
    if
    :: ka > kb ->
        SWAP(V[0].pc, V[NV - 1].pc); SWAP(V[0].did, V[NV - 1].did);
        SWAP(V[0].gen, V[NV - 1].gen); SWAP(V[0].seen, V[NV - 1].seen)
    :: else
    fi;
    a = 0; b = 0; i = 0; j = 0; ka = 0; kb = 0
}

/*
 * LIVENESS: nothing is left to be done, and somebody waits: then a DMA is in
 * flight that is recorded under an older generation.
 */
inline quiet()
{
    b = !dead && !event && !handling && !hack && !bql;
    i = 0;
    do
    :: i < NT -> b = b && (T[i].pc == T_IDLE || T[i].pc == T_DMA); i++
    :: else -> break
    od;
    j = 0;
    do
    :: b && j < NV ->
        a = V[j].pc != V_WAIT;
        i = 0;
        do
        :: i < NT ->
            a = a || (T[i].pc == T_DMA && T[i].p < V[j].gen); i++
        :: else -> break
        od;
        assert(a);
        j++
    :: else -> break
    od
}

#define END_STEP quiet(); sort()

/* SAFETY: all waits for generations up to acked are over. */
inline complete()
{
    j = 0;
    do
    :: j < NV ->
        if
        :: V[j].pc == V_WAIT && V[j].gen <= acked ->
            legal = legal & (V[j].seen << (2 * V[j].did) |
                             3 << (2 - 2 * V[j].did));
            i = 0;
            do
            :: i < NT -> assert(T[i].pc != T_DMA || LEGAL(i)); i++
            :: else -> break
            od;
            V[j].pc = V_IDLE; V[j].did = 0; V[j].gen = 0; V[j].seen = 0
        :: else
        fi;
        j++
    :: else -> break
    od
}

/* settle_unheld() and the completions that follow */
inline settle()
{
    if
    :: handed <= acked || HANDED_IGNORED -> acked = requested
    :: else
    fi;
    complete()
}

inline vcpu(v, d)
{
    if
    :: d_step { /* change */
        V[v].pc == V_IDLE && ninv ->
        ninv--; V[v].pc = V_CHANGED; V[v].did = d;
        pte[d] = 1 - pte[d];
        legal = legal | BIT(2 * d + pte[d]);
        i = 0;
        do
        :: i < NV ->
            if
            :: V[i].pc == V_WAIT && V[i].did == d ->
                V[i].seen = V[i].seen | BIT(pte[d])
            :: else
            fi;
            i++
        :: else -> break
        od;
        END_STEP }
    fi
}

inline invalidate(v)
{
    if
    :: d_step {
        V[v].pc == V_CHANGED ->
        V[v].pc = V_WAIT; V[v].seen = BIT(pte[V[v].did]);
        requested++; V[v].gen = requested;
        settle();
        event = event || (acked != requested && !EVENT_LOST);
        END_STEP }
    fi
}

/* xen_viommu_drain_due(): what can be acknowledged now, if that is news, or 0 */
inline due()
{
    b = asked;
    i = 0;
    do
    :: i < NT ->
        if
        :: T[i].pc == T_DMA && T[i].p < b && !BUSY_IGNORED -> b = T[i].p
        :: else
        fi;
        i++
    :: else -> break
    od;
    if
    :: b <= given -> b = 0
    :: else -> given = b
    fi
}

#define CACHED(d) ((cache >> (2 * d)) & 3)

/* xen_viommu_set_gen() */
inline set_gen(g)
{
    if
    :: gen < g ->
        gen = g;
        if
        :: CACHE_KEPT -> skip
        :: else -> cache = 0
        fi
    :: else
    fi
}

inline idle(t)
{
    T[t].pc = T_IDLE; T[t].did = 0; T[t].val = 0; T[t].p = 0; T[t].ack = 0;
    T[t].st = 0
}

inline begin(t, d)
{
    if
    :: d_step { /* translate: a hit */
        T[t].pc == T_IDLE && T[t].left && !bql && !dead && CACHED(d) ->
        bql = 1; T[t].did = d; T[t].p = gen; T[t].val = CACHED(d) - 1;
        T[t].pc = T_RECORD; END_STEP }
    :: d_step { /* translate: ask Xen, which hands out a generation */
        T[t].pc == T_IDLE && T[t].left && !bql && !dead && !CACHED(d) ->
        bql = 1; T[t].did = d; T[t].p = requested;
        if
        :: HANDED_NOT_RAISED -> skip
        :: else -> handed = requested + 1
        fi;
        T[t].pc = T_WALK; END_STEP }
    fi
}

inline thread(t)
{
    if
    :: d_step { /* translate: the walk; into the cache */
        T[t].pc == T_WALK ->
        T[t].val = pte[T[t].did];
        if
        :: GENERATION_AFTER_WALK -> T[t].p = requested
        :: else
        fi;
        set_gen(T[t].p);
        if
        :: T[t].p == gen ->
            cache = cache | (T[t].val + 1) << (2 * T[t].did)
        :: else
        fi;
        T[t].pc = T_RECORD; END_STEP }
    :: d_step { /* record */
        T[t].pc == T_RECORD ->
        bql = 0; T[t].pc = T_DMA; assert(LEGAL(t)); END_STEP }
    :: d_step { /* the DMA ends */
        T[t].pc == T_DMA ->
        T[t].left = T[t].left - 1; idle(t);
        if
        :: given < asked -> due(); T[t].ack = b
        :: else
        fi;
        if
        :: T[t].ack && !END_NOT_TOLD -> T[t].pc = T_ACK
        :: else -> T[t].ack = 0
        fi;
        END_STEP }
    :: d_step { /* ack, of what has been found out before */
        T[t].pc == T_ACK ->
        i = T[t].ack; idle(t); acknowledge(); END_STEP }
    fi
}

/* viommu_drain_ack() of i */
inline acknowledge()
{
    assert(i <= requested); /* no bad acknowledgement */
    if
    :: i > acked -> acked = i; settle()
    :: else
    fi
}

inline others()
{
    if
    :: d_step { /* the event: unmask and ask */
        event && !bql && !dead && !handling ->
        event = EVENT_CLEARED_LATE; bql = 1; handling = 1;
        answer = requested;
        END_STEP }
    :: d_step { /* ... forget, and see what is still in flight */
        handling ->
        set_gen(answer);
        if
        :: asked < answer -> asked = answer
        :: else
        fi;
        if
        :: EVENT_CLEARED_LATE -> event = 0
        :: else
        fi;
        answer = 0; handling = 0;
        due();
        hack = (ACK_AT_ONCE -> asked : b);
        bql = hack > 0;
        END_STEP }
    :: d_step { /* ... and acknowledge */
        hack && !dead -> i = hack; hack = 0; bql = 0; acknowledge(); END_STEP }
    :: d_step { /* death */
        ncrash && !dead ->
        ncrash--; dead = 1; event = 0; bql = 0; handling = 0; answer = 0;
        hack = 0; cache = 0; gen = 0; asked = 0; given = 0;
        i = 0;
        do
        :: i < NT -> idle(i); T[i].pc = T_DEAD; i++
        :: else -> break
        od;
        END_STEP }
    :: d_step { /* it is noticed that the port is not bound */
        dead && !DEATH_UNNOTICED && (V[0].pc == V_WAIT || V[NV - 1].pc == V_WAIT) ->
        handed = 0; acked = requested; complete(); END_STEP }
    :: d_step { /* attach, which notices it too, and ask for the generation */
        dead ->
        dead = 0;
        if
        :: DEATH_UNNOTICED -> skip
        :: else -> handed = 0; acked = requested; complete()
        fi;
        gen = requested;
        i = 0;
        do
        :: i < NT -> idle(i); i++
        :: else -> break
        od;
        END_STEP }
    fi
}

active proctype system()
{
    d_step {
        i = 0;
        do
        :: i < NT -> T[i].left = NDMA; i++
        :: else -> break
        od;
        i = 0
    }
    do
    :: vcpu(0, 0)
    :: vcpu(0, 1)
    :: invalidate(0)
#if NV > 1
    :: vcpu(1, 0)
    :: vcpu(1, 1)
    :: invalidate(1)
#endif
    :: begin(0, 0)
    :: begin(0, 1)
    :: thread(0)
#if NT > 1
    :: begin(1, 0)
    :: begin(1, 1)
    :: thread(1)
#endif
#if NT > 2
    :: begin(2, 0)
    :: begin(2, 1)
    :: thread(2)
#endif
    :: others()
    :: !ninv && !dead && !event && !handling && !hack && !bql &&
       V[0].pc == V_IDLE && V[NV - 1].pc == V_IDLE &&
       T[0].pc == T_IDLE && T[NT - 1].pc == T_IDLE && T[NT / 2].pc == T_IDLE &&
       !T[0].left && !T[NT - 1].left && !T[NT / 2].left -> break
    od
}
