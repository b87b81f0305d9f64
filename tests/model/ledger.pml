/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol with the DM, see docs/model.md, which says what each step stands
 * for, what is checked and what is left out.
 *
 * One process does the steps of all: each d_step is one step of one CPU, with
 * at most one access to what others change.  That allows to sort what is alike
 * (threads, CPUs of the guest) after each step, so that states which differ by
 * a permutation are one.  Numbers of steps are bounded and there is no cycle,
 * so every run ends, and what is true of all states in which nothing is left
 * to be done is true in the end under any fairness.
 *
 * Store buffers are sets of stores with a fixed order, "buf" of a thread's CPU
 * and "xbuf" of the CPU that is in Xen under the lock: the lowest bit is the
 * oldest store.  A barrier waits until the set is empty.
 */

#ifndef NT
#define NT      3       /* threads of the DM */
#endif
#ifndef NV
#define NV      2       /* CPUs of the guest */
#endif
#ifndef NDMA
#define NDMA    2       /* DMA of each thread */
#endif
#ifndef NINV
#define NINV    3       /* invalidations, of all CPUs together */
#endif
#ifndef NS
#define NS      2       /* slots: XEN_VIOMMU_SLOTS */
#endif
#ifndef NLOG
#define NLOG    2       /* XEN_VIOMMU_LOG_ENTRIES */
#endif
#ifndef NSEQ
#define NSEQ    8       /* values of seq, 2^32 */
#endif
#ifndef NCRASH
#define NCRASH  0       /* deaths of the DM */
#endif
#ifndef NPOLL
#define NPOLL   0       /* timers and reads of registers while waiting */
#endif
#ifdef CACHE
#define CACHED 1
#else
#define CACHED 0
#endif
#ifndef NSLICE
#define NSLICE  0       /* times that a scan gives up the lock */
#endif
/* MOVE: devices change domains, too.  DETER: first change on domain 0. */

#include "ledger-faults.h"
#include "ledger-state.h"
#include "ledger-check.h"

/* The guest. */

/* A table has changed: note what translations are, or have been, right. */
inline changed()
{
    legal = legal | BIT(TRANSLATES(0)) | BIT(TRANSLATES(1)) << 2;
    legald = legald | BIT(pte[0]) | BIT(pte[1]) << 2;
    i = 0;
    do
    :: i < NV ->
        if
        :: V[i].pc == V_WAIT ->
            V[i].seen = V[i].seen | BIT(TRANSLATES(0)) |
                        BIT(TRANSLATES(1)) << 2;
            if
            :: V[i].kind < 2 -> V[i].seend = V[i].seend | BIT(pte[V[i].kind])
            :: else
            fi
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < NT ->
        if
        :: T[i].pc >= T_FILL && T[i].pc <= T_DMA && T[i].pc != T_RETIRE ->
            T[i].st = T[i].st || T[i].val != pte[T[i].did] ||
                      T[i].did != ctx[T[i].rid]
        :: else
        fi;
        i++
    :: else -> break
    od
}

/*
 * A device whose table entry has changed may be in either domain until that
 * has been invalidated, too.
 */
#define MOVING(v, r) \
    (V[NV - 1 - v].pc != V_IDLE && V[NV - 1 - v].kind == 2 + r)

inline vcpu(v)
{
    if
    :: d_step { /* change */
        V[v].pc == V_IDLE && ninv ->
        ninv--; V[v].pc = V_CHANGED; V[v].kind = 0;
        pte[0] = 1 - pte[0]; changed(); END_STEP }
    :: d_step {
        V[v].pc == V_IDLE && ninv && ninv < NINV ->
        ninv--; V[v].pc = V_CHANGED; V[v].kind = 1;
        pte[1] = 1 - pte[1]; changed(); END_STEP }
#ifdef MOVE
    :: d_step { /* move */
        V[v].pc == V_IDLE && ninv ->
        ninv--; V[v].pc = V_CHANGED; V[v].kind = 2;
        ctx[0] = 1 - ctx[0]; changed(); END_STEP }
    :: d_step {
        V[v].pc == V_IDLE && ninv && ninv < NINV ->
        ninv--; V[v].pc = V_CHANGED; V[v].kind = 3;
        ctx[1] = 1 - ctx[1]; changed(); END_STEP }
#endif
    :: d_step { /* append */
        V[v].pc == V_CHANGED && xpc == X_IDLE ->
        position++;
        V[v].pc = V_WAIT; V[v].gen = position;
        /* of a device that is not concerned, anything is right */
        i = 0;
        do
        :: i < 2 ->
            if
            :: COVERS(V[v].kind, i, ctx[i]) && !MOVING(v, i) ->
                V[v].seen = V[v].seen | BIT(TRANSLATES(i)) << (2 * i)
            :: else -> V[v].seen = V[v].seen | 3 << (2 * i)
            fi;
            i++
        :: else -> break
        od;
        if
        :: V[v].kind < 2 -> V[v].seend = BIT(pte[V[v].kind])
        :: else -> V[v].seend = 3
        fi;
        if
        :: WRONG_DID -> pending = pending | BIT(V[v].kind ^ 1)
        :: else -> pending = pending | BIT(V[v].kind)
        fi;
        xbuf = S_LOG | S_HEAD;
        ent = V[v].kind;
        if
        :: dead && !DEATH_UNNOTICED -> xpc = X_GONE
        :: else -> xpc = X_SCAN
        fi;
        if
        :: EARLY_ACK -> i = V[v].gen; complete()
        :: else
        fi;
        END_STEP }
    fi
}

#include "ledger-xen.h"
#include "ledger-dm.h"

/* Everything else. */

inline abandon()
{
    goal = position; done = position; scan = 0; pending = 0; next = 0;
    from = 0; fw = 0; fwaited = 0;
    i = 0;
    do
    :: i < NS ->
        L[i].xw = 0; L[i].bseq = 0; L[i].bgen = 0; L[i].waited = 0; i++
    :: else -> break
    od;
    i = position;
    complete()
}

/* What is the DM's to write: Xen does so at attach only. */
inline clear_dm_words()
{
    i = 0;
    do
    :: i < NS -> L[i].busy = 0; i++
    :: else -> break
    od;
    floor = NOFLOOR
}

#define WAITING (V[0].pc == V_WAIT || V[NV - 1].pc == V_WAIT)

inline others()
{
    if
#if NPOLL
    :: d_step { /* the timer, or the guest looks */
        npoll && xpc == X_IDLE && !dead &&
        WAITING ->
        npoll--; xpc = X_POLL; END_STEP }
#endif
#if NCRASH
    :: d_step { /* all threads die; stores in buffers may as well never have
                   been made */
        ncrash && !dead && !IN_XEN ->
        ncrash--; dead = 1;
        i = 0;
        do
        :: i < NT -> idle(i); T[i].buf = 0; T[i].pc = T_DEAD; i++
        :: else -> break
        od;
        cdid0 = 0; cdid1 = 0; cval0 = 0; cval1 = 0; applied = 0;
        END_STEP }
    :: d_step { /* the port is not bound */
        dead && xpc == X_IDLE && WAITING && !DEATH_UNNOTICED ->
        xpc = X_GONE; END_STEP }
    :: d_step { /* ... and nothing is waited for */
        xpc == X_GONE ->
        abandon();
        if
        :: UNBOUND_CLEARS -> clear_dm_words()
        :: else
        fi;
        leave(); END_STEP }
    :: d_step { /* attach */
        dead == 1 && xpc == X_IDLE ->
        if
        :: !DEATH_UNNOTICED -> abandon()
        :: else
        fi;
        dead = 2;
        if
        :: !ATTACH_CLEARS_NOTHING -> clear_dm_words()
        :: else
        fi;
        i = 0;
        do
        :: i < NS -> L[i].taken = 0; i++
        :: else -> break
        od;
        END_STEP }
    :: d_step { /* bind, which takes no lock of Xen's that matters here */
        dead == 2 ->
        dead = 0; applied = head;
        i = 0;
        do
        :: i < NT -> idle(i); i++
        :: else -> break
        od;
        END_STEP }
#endif
    fi
}



active proctype system()
{
    d_step {
        cdid0 = 0;
        ctx[1] = 1;
        i = 0;
        do
        :: i < NT -> T[i].left = NDMA; i++
        :: else -> break
        od;
        i = 0
    }
    do
    :: vcpu(0)
#if NV > 1
    :: vcpu(1)
#endif
    :: xen()
    :: thread(0)
#if NT > 1
    :: thread(1)
#endif
#if NT > 2
    :: thread(2)
#endif
#if NPOLL || NCRASH
    :: others()
#endif
    :: all_over -> break
    od
}
