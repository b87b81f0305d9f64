/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger's model: the DM, see qemu-stub/hw/i386/xen/xen-viommu-client.c and
 * xen-viommu-ledger.c.
 */

/* Apply the log to the cache. */
inline sync()
{
    if
    :: head - applied > NLOG - 1 ->
        cdid0 = 0; cdid1 = 0; cval0 = 0; cval1 = 0
    :: else ->
        do
        :: applied < head ->
            if
            :: ENTRY(applied) == 0 -> cval0 = 0
            :: ENTRY(applied) == 1 -> cval1 = 0
            :: ENTRY(applied) == 2 -> cdid0 = 0; cval0 = 0; cval1 = 0
            :: ENTRY(applied) == 3 -> cdid1 = 0; cval0 = 0; cval1 = 0
            fi;
            applied++
        :: else -> break
        od
    fi;
    applied = head
}

inline lookup(t, r, cdid)
{
    T[t].pc == T_IDLE && T[t].left && !dead ->
    sync();
    T[t].rid = r;
#ifdef OWN
    T[t].pc = T_OWN;
    T[t].p = (POSITION_AFTER_WALK -> 0 : applied)
#else
    if
    :: cdid == 1 && cval0 ->
        T[t].did = 0; T[t].val = cval0 - 1; T[t].p = applied; T[t].pc = T_PUB
    :: cdid == 2 && cval1 ->
        T[t].did = 1; T[t].val = cval1 - 1; T[t].p = applied; T[t].pc = T_PUB
    :: else -> T[t].pc = T_ASK
    fi;
    if
    :: T[t].pc == T_PUB ->
        T[t].st = T[t].val != pte[T[t].did] || T[t].did != ctx[r]
    :: else
    fi
#endif
}

/* xen_viommu_drain_oldest() of DMA without a slot */
inline lowest_floor()
{
    b = NOFLOOR;
    i = 0;
    do
    :: i < NT ->
        if
        :: T[i].pc != T_IDLE && T[i].slot == BY_FLOOR && T[i].p < b ->
            b = T[i].p
        :: else
        fi;
        i++
    :: else -> break
    od
}

#if NT == 3
#define FLOOR_LOCKED ((T[0].buf | T[1].buf | T[2].buf) & D_FLOOR)
#define IN_XEN (T[0].pc == T_INXEN || T[1].pc == T_INXEN || T[2].pc == T_INXEN)
#elif NT == 2
#define FLOOR_LOCKED ((T[0].buf | T[1].buf) & D_FLOOR)
#define IN_XEN (T[0].pc == T_INXEN || T[1].pc == T_INXEN)
#else
#define FLOOR_LOCKED (T[0].buf & D_FLOOR)
#define IN_XEN (T[0].pc == T_INXEN)
#endif

/*
 * seq is kept relative: what Xen has read of it minus what it is now.  So the
 * states that a rotation of seq makes of each other are one, and all values to
 * begin with, and so each moment to wrap, are covered.
 */
inline count_use(sl)
{
    if
    :: L[sl].xw -> L[sl].bseq = (L[sl].bseq + NSEQ - 1) % NSEQ
    :: else
    fi;
    if
    :: next == sl && xpc > X_W0 && xpc <= X_WALK &&
       !(xpc == X_W1 && SEQ_NOT_READ_FIRST) -> rseq = (rseq + NSEQ - 1) % NSEQ
    :: else
    fi
}

/* Flushes the oldest store of kind s. */
#define OLDEST(t, s) (T[t].buf & (s)) && !(T[t].buf & ((s) - 1))

/* It is known whether the log has something against the translation. */
inline judge(t, bad)
{
    T[t].pos = 0; T[t].h = 0; T[t].flag = 0;
    if
    :: VALIDATE(bad) ->
        T[t].again = 1; T[t].rid = 0; T[t].did = 0; T[t].val = 0;
        T[t].pc = T_RETIRE; T[t].st = 0;
        if
        :: T[t].slot < NS ->
            /* nobody sees that D_FREE is stored: step 6, too */
            T[t].again = 0; T[t].p = 0; T[t].pc = T_WAITED;
            T[t].flag = WAITED_FIRST && L[T[t].slot].waited;
            T[t].buf = T[t].buf | D_FREE
        :: else
        fi
    :: else ->
        T[t].pc = T_DMA;
        assert(LEGAL(t));   /* SAFETY */
        if
        :: T[t].slot < NS -> T[t].p = 0
        :: else
        fi
    fi
}

/* The slot may be used again. */
inline put(t)
{
    if
    :: T[t].slot < NS -> L[T[t].slot].taken = 0
    :: else
    fi;
    T[t].slot = 0;
    if
    :: TOLD(t) -> T[t].flag = 0; T[t].pc = T_TELL
    :: else -> idle(t)
    fi
}

/* Step 4, or with FINE its beginning. */
inline validate(t)
{
    if
    :: !VALIDATED_FIRST -> T[t].h = head
    :: else
    fi;
    if
    :: T[t].h == T[t].p -> judge(t, 0)
    :: T[t].h != T[t].p && OVERWRITTEN(T[t].h - T[t].p) -> judge(t, 1)
    :: else ->
        T[t].pos = T[t].p;
#ifdef FINE
        T[t].pc = T_ENTRY
#else
        do
        :: T[t].pos == T[t].h -> judge(t, 0); break
        :: T[t].pos != T[t].h &&
           COVERS(ENTRY(T[t].pos), T[t].rid, T[t].did) ->
            judge(t, 1); break
        :: else -> T[t].pos = T[t].pos + 1
        od
#endif
    fi
}

inline walk(t, r)
{
    T[t].rid = r; T[t].did = ctx[r]; T[t].val = pte[T[t].did]
}

#ifdef FIRST
/* A thread that has stored floor takes what it finds: step 4 is left out. */
inline look_up(t, r, cdid)
{
    if
    :: LOOKED_UP_FIRST -> skip
#ifdef CACHE
    :: !LOOKED_UP_FIRST ->
        sync();
        if
        :: cdid == 1 && cval0 ->
            T[t].rid = r; T[t].did = 0; T[t].val = cval0 - 1;
            T[t].st = T[t].val != pte[0] || ctx[r]
        :: cdid == 2 && cval1 ->
            T[t].rid = r; T[t].did = 1; T[t].val = cval1 - 1;
            T[t].st = T[t].val != pte[1] || !ctx[r]
        :: else -> walk(t, r)
        fi
#else
    :: !LOOKED_UP_FIRST -> walk(t, r)
#endif
    fi;
    judge(t, 0)
}
#endif

/* head does not move any more: what step 4 will find is known */
#define HEAD_FINAL (!ninv && head == position && V[0].pc != V_CHANGED && \
                    V[NV - 1].pc != V_CHANGED)

inline thread(t)
{
    if
    :: d_step { /* flush */
        OLDEST(t, D_GPA) ->
        L[T[t].slot].gpa = T[t].val; T[t].buf = T[t].buf - D_GPA; sort() }
    :: d_step {
        T[t].buf & D_IDS && !(T[t].buf & D_GPA) &&
        (!SEQ_NOT_WRITTEN_LAST || !(T[t].buf & D_SEQ)) ->
        L[T[t].slot].rid = T[t].rid; L[T[t].slot].did = T[t].did;
        T[t].buf = T[t].buf - D_IDS; sort() }
    :: d_step {
        T[t].buf & D_SEQ && !(T[t].buf & D_GPA) &&
        (SEQ_NOT_WRITTEN_LAST || !(T[t].buf & D_IDS)) ->
        j = T[t].slot; count_use(j);
        T[t].buf = T[t].buf - D_SEQ; END_STEP }
    :: d_step {
        OLDEST(t, D_BUSY) ->
        L[T[t].slot].busy = 1; T[t].buf = T[t].buf - D_BUSY;
        if
        :: HEAD_FINAL && T[t].pc == T_HEAD -> validate(t)
        :: else
        fi;
        END_STEP }
    :: d_step {
        OLDEST(t, D_FREE) ->
        L[T[t].slot].busy = 0; T[t].buf = T[t].buf - D_FREE; END_STEP }
    :: d_step {
        OLDEST(t, D_FLOOR) ->
        lowest_floor(); floor = b;
        T[t].buf = T[t].buf - D_FLOOR; END_STEP }

#ifndef CACHE
    :: d_step { /* step 1: translate: the lock */
        T[t].pc == T_IDLE && T[t].left && !dead && xpc == X_IDLE && ninv ->
        T[t].p = position; T[t].pc = T_WALK; END_STEP }
    :: d_step { /* ... and the walk, of tables which do not change any more */
        T[t].pc == T_IDLE && T[t].left && !dead && xpc == X_IDLE && !ninv ->
        T[t].p = position; walk(t, 0); T[t].pc = T_PUB; END_STEP }
    :: d_step {
        T[t].pc == T_IDLE && T[t].left && !dead && xpc == X_IDLE && !ninv ->
        T[t].p = position; walk(t, 1); T[t].pc = T_PUB; END_STEP }
    :: d_step { /* translate: the walk, of either device */
        T[t].pc == T_WALK ->
        walk(t, 0); T[t].pc = T_PUB; END_STEP }
    :: d_step {
        T[t].pc == T_WALK ->
        walk(t, 1); T[t].pc = T_PUB; END_STEP }
#else
    :: d_step { lookup(t, 0, cdid0); END_STEP } /* step 1: the cache */
    :: d_step { lookup(t, 1, cdid1); END_STEP }
#ifdef OWN
    :: d_step { /* the DM's own walk */
        T[t].pc == T_OWN ->
        j = T[t].rid;
        walk(t, j);
        if
        :: CONTEXT_KEPT && j == 0 ->
            T[t].did = (cdid0 -> cdid0 - 1 : T[t].did); cdid0 = T[t].did + 1
        :: CONTEXT_KEPT && j == 1 ->
            T[t].did = (cdid1 -> cdid1 - 1 : T[t].did); cdid1 = T[t].did + 1
        :: else
        fi;
        T[t].val = pte[T[t].did];
        T[t].st = T[t].did != ctx[j];
        T[t].pc = T_PUB; END_STEP }
#endif
    :: d_step { /* translate: the lock */
        T[t].pc == T_ASK && xpc == X_IDLE ->
        T[t].p = position; T[t].pc = T_WALK; END_STEP }
    :: d_step { /* translate: the walk */
        T[t].pc == T_WALK ->
        j = T[t].rid; walk(t, j); T[t].pc = T_FILL; END_STEP }
    :: d_step { /* fill */
        T[t].pc == T_FILL ->
        if
        :: MAY_FILL(t) ->
            if
            :: T[t].rid == 0 -> cdid0 = T[t].did + 1
            :: else -> cdid1 = T[t].did + 1
            fi;
            if
            :: T[t].did == 0 -> cval0 = T[t].val + 1
            :: else -> cval1 = T[t].val + 1
            fi
        :: else
        fi;
        T[t].pc = T_PUB; END_STEP }
#endif
#ifdef FIRST
    :: d_step { /* step 2 first, after tries that came to nothing */
        T[t].pc == T_IDLE && T[t].left && !dead && !FLOOR_LOCKED ->
        if
        :: LOOKED_UP_FIRST -> walk(t, 0)
        :: else
        fi;
        T[t].p = head; T[t].slot = BY_FLOOR; T[t].pc = T_FIRST;
        if
        :: !FLOOR_NOT_STORED -> T[t].buf = D_FLOOR
        :: else
        fi;
        END_STEP }
    :: d_step { /* step 3, then step 1 */
        T[t].pc == T_FIRST && BARRIER_DM_A(t) ->
        look_up(t, 0, cdid0); END_STEP }
    :: d_step {
        T[t].pc == T_FIRST && BARRIER_DM_A(t) ->
        look_up(t, 1, cdid1); END_STEP }
#endif
    :: d_step { /* step 2 */
        T[t].pc == T_PUB && !FLOOR_LOCKED ->
        if
        :: GENERATION_AFTER_WALK -> T[t].p = position
        :: POSITION_AFTER_WALK -> T[t].p = head
        :: else
        fi;
        i = 0;
        do
        :: i < NS && L[i].taken -> i++
        :: else -> break
        od;
        T[t].slot = i;
        T[t].pc = T_HEAD;
        if
        :: VALIDATED_FIRST -> T[t].h = head
        :: else
        fi;
        if
        :: i < NS ->
            L[i].taken = 1;
            if
            :: BEING_READ(i) -> T[t].buf = D_GPA | D_IDS | D_SEQ | D_BUSY
            :: else ->
                /* nobody can see these before D_BUSY: without delay */
                L[i].gpa = T[t].val; L[i].rid = T[t].rid; L[i].did = T[t].did;
                count_use(i);
                T[t].buf = D_BUSY
            fi
        :: else ->
            T[t].slot = BY_FLOOR;
            if
            :: !FLOOR_NOT_STORED -> T[t].buf = D_FLOOR
            :: else
            fi
        fi;
        END_STEP }
    :: d_step { /* steps 3 and 4 */
        T[t].pc == T_HEAD && BARRIER_DM_A(t) -> validate(t); END_STEP }
#ifdef FINE
    :: d_step { /* step 4: entry */
        T[t].pc == T_ENTRY ->
        i = ENTRY(T[t].pos);
        T[t].flag = COVERS(i, T[t].rid, T[t].did);
        T[t].pc = T_AGAIN; END_STEP }
    :: d_step { /* step 4: has it been overwritten? */
        T[t].pc == T_AGAIN ->
        if
        :: T[t].flag -> judge(t, 1)
        :: !T[t].flag && OVERWRITTEN(head - T[t].pos) -> judge(t, 1)
        :: else ->
            T[t].pos = T[t].pos + 1;
            if
            :: T[t].pos == T[t].h -> judge(t, 0)
            :: else -> T[t].pc = T_ENTRY
            fi
        fi;
        END_STEP }
#endif
    :: d_step { /* steps 5 (its end) and 6 */
        /* one that ends before the first invalidation and leaves nothing in
           a cache might as well not have been there */
        (T[t].pc == T_DMA || T[t].pc == T_RETIRE) && !FLOOR_LOCKED &&
        (position || ncrash != NCRASH || CACHED) ->
        if
        :: !T[t].again -> T[t].left = T[t].left - 1
        :: else
        fi;
        T[t].again = 0; T[t].st = 0; T[t].rid = 0; T[t].did = 0;
        T[t].val = 0;
        T[t].pc = T_WAITED;
        if
        :: T[t].slot < NS ->
            T[t].buf = T[t].buf | D_FREE;
            if
            :: WAITED_FIRST -> T[t].flag = L[T[t].slot].waited
            :: else
            fi
        :: else ->
            T[t].again = WAITED_FIRST && fwaited;
            j = T[t].p; T[t].slot = WAS_FLOOR; lowest_floor();
            T[t].flag = b > j;
            T[t].buf = T[t].buf | D_FLOOR
        fi;
        T[t].p = 0;
        END_STEP }
    :: d_step { /* steps 7 and 8 */
        T[t].pc == T_WAITED && BARRIER_DM_B(t) ->
        if
        :: WAITED_FIRST && T[t].slot < NS -> skip
        :: WAITED_FIRST && T[t].slot >= NS -> T[t].flag = T[t].again
        :: !WAITED_FIRST && T[t].slot < NS -> T[t].flag = L[T[t].slot].waited
        :: else -> T[t].flag = T[t].flag && fwaited
        fi;
        T[t].again = 0;
        if
        :: T[t].buf == 0 -> put(t)
        :: else -> T[t].pc = T_PUT
        fi;
        END_STEP }
    :: d_step { T[t].pc == T_PUT && T[t].buf == 0 -> put(t); END_STEP }
    :: d_step { /* ack */
        T[t].pc == T_TELL && xpc == X_IDLE ->
        T[t].pc = T_INXEN; xpc = X_POLL; END_STEP }
    fi
}
