/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger's model: what is checked after each step, and what makes states that
 * are alike the same.
 */

/* Kinds: 0 and 1 a domain id, 2 and 3 a device. */
#define COVERS(kind, r, d) \
    (((kind) < 2 && (kind) == (d)) || ((kind) >= 2 && (kind) - 2 == (r)))
#define TRANSLATES(r) pte[ctx[r]]

#define BARRIER_XEN_A (xbuf == 0 || NO_BARRIER_XEN_A)
#define BARRIER_XEN_B (xbuf == 0 || NO_BARRIER_XEN_B)
#define BARRIER_DM_A(t) (T[t].buf == 0 || NO_BARRIER_DM_A)
#define BARRIER_DM_B(t) (T[t].buf == 0 || NO_BARRIER_DM_B)
#define SAME_WALK \
    ((rgpa == TRANSLATES(rrid) && (rdid == ctx[rrid] || DID_NOT_COMPARED)) || \
     WALK_IGNORED)
#define MAY_FILL(t) (applied <= T[t].p || STALE_FILL)
#define VALIDATE(bad) (bad && !NOT_VALIDATED)
#define OVERWRITTEN(n) \
    (((n) > NLOG - 1 && !OVERFLOW_OFF_BY_ONE || (n) > NLOG) && \
     !OVERFLOW_IGNORED)
#define TOLD(t) (T[t].flag && !NO_ACK)
#define CHECK_SEQ (!SEQ_NOT_CHECKED)
#define WAITED_FIRST WAITED_READ_FIRST

/* Is Xen between seeing the slot busy and having read all of it? */
#define BEING_READ(s) \
    ((next == s && xpc >= X_W0 && xpc <= X_WALK) || (ov == s && xpc == X_OVSEQ))

#define KEY(t) (T[t].pc | T[t].left << 4 | T[t].rid << 6 | T[t].did << 7 | \
    T[t].val << 8 | T[t].p << 9 | T[t].slot << 12 | T[t].buf << 14 | \
    T[t].pos << 20 | T[t].h << 23 | T[t].flag << 26 | T[t].again << 27 | \
    T[t].st << 28)
#define SWAP(x, y) a = x; x = y; y = a

inline order(s, t)
{
    ka = KEY(s); kb = KEY(t);
    if
    :: ka > kb ->
        SWAP(T[s].pc, T[t].pc); SWAP(T[s].left, T[t].left);
        SWAP(T[s].rid, T[t].rid); SWAP(T[s].did, T[t].did);
        SWAP(T[s].val, T[t].val); SWAP(T[s].p, T[t].p);
        SWAP(T[s].slot, T[t].slot); SWAP(T[s].buf, T[t].buf);
        SWAP(T[s].pos, T[t].pos); SWAP(T[s].h, T[t].h);
        SWAP(T[s].flag, T[t].flag); SWAP(T[s].again, T[t].again);
        SWAP(T[s].st, T[t].st)
    :: else
    fi
}

#define VKEY(v) (V[v].pc | V[v].kind << 2 | V[v].gen << 4 | \
                 V[v].seen << 7 | V[v].seend << 11)

/*
 * What nobody can read any more is 0: slots that are free, unless Xen is in
 * the middle of one, and the log, if everyone is past it.
 */
inline forget()
{
    i = 0;
    do
    :: i < NS ->
        if
        :: !L[i].taken && !BEING_READ(i) ->
            L[i].gpa = 0; L[i].rid = 0; L[i].did = 0
        :: else
        fi;
        i++
    :: else -> break
    od;
    b = applied == position || !CACHED;
    i = 0;
    do
    :: i < NT ->
        b = b && (T[i].p == position || T[i].pc < T_WALK ||
                  (T[i].pc >= T_RETIRE && T[i].pc != T_OWN));
        i++
    :: else -> break
    od;
    if
    :: b -> logs = 0
    :: else
    fi
}

inline sort()
{
    forget();
#if NT > 1
    order(0, 1);
#endif
#if NT > 2
    order(1, 2); order(0, 1);
#endif
#if NV > 1
    ka = VKEY(0); kb = VKEY(1);
    if
    :: ka > kb ->
        SWAP(V[0].pc, V[1].pc); SWAP(V[0].kind, V[1].kind);
        SWAP(V[0].gen, V[1].gen); SWAP(V[0].seen, V[1].seen);
        SWAP(V[0].seend, V[1].seend)
    :: else
    fi;
#endif
    a = 0; b = 0; i = 0; j = 0; ka = 0; kb = 0
}

/*
 * Liveness.  Nothing is left to be done but that DMA ends (or new things
 * begin).  Then whoever waits, waits for a DMA that is in flight: for a slot
 * whose DMA has not been what the tables say, or for floor.
 */
#define ALIASES (NSEQ < 8) /* too few values to tell uses from each other */

inline quiet()
{
    if
    :: xpc == X_IDLE && !dead && done == position ->
        b = 1;
        i = 0;
        do
        :: i < NT ->
            b = b && T[i].buf == 0 && (T[i].pc == T_IDLE || T[i].pc == T_DMA);
            i++
        :: else -> break
        od;
        j = 0;
        do
        :: b && j < NV ->
            if
            :: V[j].pc == V_WAIT ->
                a = 0;
                i = 0;
                do
                :: i < NT ->
                    if
                    :: T[i].pc == T_DMA && T[i].slot < NS ->
                        a = a || ((T[i].st || ALIASES) && L[T[i].slot].xw &&
                                  L[T[i].slot].bseq == 0 &&
                                  L[T[i].slot].bgen <= V[j].gen)
                    :: T[i].pc == T_DMA && T[i].slot == BY_FLOOR ->
                        a = a || T[i].p < V[j].gen
                    :: else
                    fi;
                    i++
                :: else -> break
                od;
                assert(a)   /* LIVENESS: nothing is waited for */
            :: else
            fi;
            j++
        :: else -> break
        od
    :: else
    fi
}

/* No invalidation is under way, none is to come, and no DMA can go wrong. */
#define CACHE_LEGAL \
    ((!cval0 || (legald >> (cval0 - 1)) & 1) && \
     (!cval1 || (legald >> (cval1 + 1)) & 1) && ROOTS_LEGAL)
#ifdef OWN
#define ROOTS_LEGAL \
    ((!cdid0 || cdid0 - 1 == ctx[0]) && (!cdid1 || cdid1 - 1 == ctx[1]))
#else
#define ROOTS_LEGAL 1
#endif
#define SAFE(t) (T[t].pc < T_FILL || T[t].pc > T_AGAIN || LEGAL(t))

inline prune()
{
    if
    :: !ninv && V[0].pc == V_IDLE && V[NV - 1].pc == V_IDLE &&
       xpc == X_IDLE && position && SAFE(0) && SAFE(NT - 1) && SAFE(NT / 2) &&
       (CACHE_LEGAL || !(T[0].left | T[NT / 2].left | T[NT - 1].left)) ->
        all_over = 1; legal = 0; legald = 0; ncrash = 0; npoll = 0; nslice = 0; dead = 0;
        position = 0; done = 0; goal = 0; head = 0; floor = NOFLOOR;
        fw = 0; fwaited = 0; pte[0] = 0; pte[1] = 0; ctx[0] = 0; ctx[1] = 1;
        cdid0 = 0; cdid1 = 0; cval0 = 0; cval1 = 0; applied = 0;
        i = 0;
        do
        :: i < NT ->
            idle(i); T[i].left = 0; T[i].buf = 0; T[i].pc = T_DEAD; i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < NS ->
            L[i].gpa = 0; L[i].rid = 0; L[i].did = 0; L[i].busy = 0;
            L[i].waited = 0; L[i].taken = 0; i++
        :: else -> break
        od;
        logs = 0
    :: else
    fi
}

#define END_STEP quiet(); prune(); sort()

/* SAFETY: whoever waits for a generation up to i sees that it is complete. */
inline complete()
{
    j = 0;
    do
    :: j < NV ->
        if
        :: V[j].pc == V_WAIT && V[j].gen <= i ->
            legal = legal & V[j].seen;
            if
            :: V[j].kind == 0 -> legald = legald & (V[j].seend | 12)
            :: V[j].kind == 1 -> legald = legald & (V[j].seend << 2 | 3)
            :: else
            fi;
            a = 0;
            do
            :: a < NT -> assert(T[a].pc != T_DMA || LEGAL(a)); a++
            :: else -> break
            od;
            V[j].pc = V_IDLE; V[j].kind = 0; V[j].gen = 0; V[j].seen = 0;
            V[j].seend = 0
        :: else
        fi;
        j++
    :: else -> break
    od
}

inline idle(t)
{
    T[t].pc = T_IDLE; T[t].rid = 0; T[t].did = 0; T[t].val = 0; T[t].p = 0;
    T[t].slot = 0; T[t].pos = 0; T[t].h = 0; T[t].flag = 0; T[t].again = 0;
    T[t].st = 0
}
