/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger's model: Xen, see xen/drivers/viommu/{ledger,drain}.c. */

/* publish_waited(), the stores of which change nothing left out */
inline publish_waited(W, F)
{
    i = 0;
    do
    :: i < NS ->
        if
        :: L[i].waited != L[i].xw || (xbuf & S_WAITED1) -> xbuf = xbuf | W
        :: else
        fi;
        i++
    :: else -> break
    od;
    if
    :: fwaited != fw || (xbuf & S_FW1) -> xbuf = xbuf | F
    :: else
    fi
}

inline leave()
{
    if
    :: xbuf == 0 ->
        if
        :: done < position && nslice != NSLICE -> xpc = X_SCAN
        :: else ->
            xpc = X_IDLE;
            i = 0;
            do
            :: i < NT ->
                if
                :: T[i].pc == T_INXEN -> idle(i)
                :: else
                fi;
                i++
            :: else -> break
            od
        fi
    :: else -> xpc = X_UNLOCK
    fi
}

/* drain->drained, given what is left of it by floor in a; then settle() */
inline settle()
{
    i = done;
    if
    :: i > a -> i = a
    :: else
    fi;
    j = 0;
    do
    :: j < NS ->
        if
        :: L[j].xw && L[j].bgen - 1 < i -> i = L[j].bgen - 1
        :: else
        fi;
        j++
    :: else -> break
    od;
    complete();
    leave()
}

/* From ov on, what is to be looked at again? */
inline lowest_waited()
{
    do
    :: ov < NS && !L[ov].xw -> ov++
    :: else -> break
    od;
    if
    :: ov < NS -> xpc = X_OVBUSY
    :: else ->
        ov = 0;
        if
        :: fw -> xpc = X_OVFLOOR
        :: else ->
            publish_waited(S_WAITED2, S_FW2);
            a = NOFLOOR; settle()
        fi
    fi
}

/* Done with a slot.  Behind the last one, all slots have been looked at. */
inline next_slot()
{
    next++; xpc = X_BUSY;
    if
    :: next == NS ->
        done = (PENDING_LOST -> position : goal);
        goal = done; scan = 0; next = 0; from = 0;
        if
        :: done < position -> xpc = X_SCAN
        :: else -> xpc = X_POLL
        fi
    :: else
    fi
}

/* The rest of look_at(): walk again, and see whether it is as the slot says. */
inline compare()
{
    if
    :: SAME_WALK -> skip
    :: else ->
        if
        :: L[next].xw && L[next].bseq == rseq -> skip
        :: else ->
            L[next].xw = 1; L[next].bseq = rseq; L[next].bgen = from
        fi
    fi
}

inline see_slot()
{
    if
    :: L[next].busy -> xpc = X_W0
    :: else -> next_slot()
    fi
}

inline xen()
{
    if
    :: d_step { /* flush */
        xbuf & S_LOG && (!HEAD_BEFORE_ENTRY || !(xbuf & S_HEAD)) ->
        i = 2 * ((position - 1) % NLOG);
        logs = (logs & ~(3 << i)) | ent << i; ent = 0;
        xbuf = xbuf - S_LOG;
        if
        :: position <= NLOG && !HEAD_BEFORE_ENTRY ->
            /* overwrites nothing, so nobody reads it before head: together */
            head = position; xbuf = xbuf & ~S_HEAD
        :: else
        fi;
        END_STEP }
    :: d_step {
        xbuf & S_HEAD && (HEAD_BEFORE_ENTRY || !(xbuf & S_LOG)) ->
        head = position; xbuf = xbuf - S_HEAD; sort() }
    :: d_step {
        xbuf & S_WAITED1 && !(xbuf & 3) ->
        i = 0;
        do
        :: i < NS -> L[i].waited = L[i].w1; L[i].w1 = 0; i++
        :: else -> break
        od;
        xbuf = xbuf - S_WAITED1; sort() }
    :: d_step {
        xbuf & S_FW1 && !(xbuf & 7) ->
        fwaited = f1; f1 = 0; xbuf = xbuf - S_FW1; sort() }
    :: d_step {
        xbuf & S_WAITED2 && !(xbuf & 15) ->
        i = 0;
        do
        :: i < NS -> L[i].waited = L[i].xw; i++
        :: else -> break
        od;
        xbuf = xbuf - S_WAITED2; sort() }
    :: d_step {
        xbuf & S_FW2 && !(xbuf & 31) ->
        fwaited = fw; xbuf = xbuf - S_FW2; sort() }

    :: d_step { /* scan: the barrier (A), and the first slot */
        xpc == X_SCAN && BARRIER_XEN_A ->
        if
        :: goal == done ->
            from = (BLOCKED_TOO_LATE -> position + 1 : done + 1);
            goal = position; scan = pending; pending = 0;
            next = 0
        :: else
        fi;
        see_slot(); END_STEP }
    :: d_step { /* the next slot */
        xpc == X_BUSY -> see_slot(); END_STEP }
    :: d_step { /* slice: the scan goes on under another hold of the lock */
        (xpc == X_SCAN || (xpc == X_BUSY && next)) && nslice && xbuf == 0 ->
        nslice--; xpc = X_IDLE;
        i = 0;
        do
        :: i < NT ->
            if
            :: T[i].pc == T_INXEN -> idle(i)
            :: else
            fi;
            i++
        :: else -> break
        od;
        END_STEP }
    :: d_step { /* continue */
        xpc == X_IDLE && done < position && !dead -> xpc = X_SCAN; END_STEP }
#ifdef FINE
    :: d_step { /* seq, then gpa */
        xpc == X_W0 ->
        if
        :: SEQ_NOT_READ_FIRST -> rgpa = L[next].gpa
        :: else -> rseq = 0
        fi;
        xpc = X_W1; END_STEP }
    :: d_step {
        xpc == X_W1 ->
        if
        :: SEQ_NOT_READ_FIRST -> rseq = 0
        :: else -> rgpa = L[next].gpa
        fi;
        xpc = X_W2; END_STEP }
    :: d_step { /* ids */
        xpc == X_W2 ->
        rrid = L[next].rid; rdid = L[next].did;
        if
        :: scan & (BIT(rdid) | BIT(2 + rrid)) -> xpc = X_WALK
        :: else ->
            rseq = 0; rgpa = 0; rrid = 0; rdid = 0;
            next_slot()
        fi;
        END_STEP }
    :: d_step { /* walk */
        xpc == X_WALK ->
        compare();
        rseq = 0; rgpa = 0; rrid = 0; rdid = 0; next_slot();
        END_STEP }
#else
    :: d_step { /* the slot, and the walk */
        xpc == X_W0 ->
        rgpa = L[next].gpa; rrid = L[next].rid; rdid = L[next].did; rseq = 0;
        if
        :: scan & (BIT(rdid) | BIT(2 + rrid)) -> compare()
        :: else
        fi;
        rgpa = 0; rrid = 0; rdid = 0; next_slot();
        END_STEP }
#endif

    :: d_step { /* poll */
        xpc == X_POLL ->
        fw = fw || (floor < done && !FLOOR_IGNORED);
        j = fw;
        i = 0;
        do
        :: i < NS -> j = j || L[i].xw; i++
        :: else -> break
        od;
        if
        :: !j -> a = NOFLOOR; settle()
        :: else ->
            publish_waited(S_WAITED1, S_FW1);
            i = 0;
            do
            :: i < NS && (xbuf & S_WAITED1) -> L[i].w1 = L[i].xw; i++
            :: else -> break
            od;
            f1 = fw && (xbuf & S_FW1);
            lowest_waited()
        fi;
        END_STEP }
    :: d_step { /* the barrier (B), and over: busy */
        xpc == X_OVBUSY && BARRIER_XEN_B ->
        if
        :: L[ov].busy && CHECK_SEQ -> xpc = X_OVSEQ
        :: L[ov].busy && !CHECK_SEQ -> ov++; lowest_waited()
        :: else ->
            L[ov].xw = 0; L[ov].bseq = 0; L[ov].bgen = 0;
            ov++; lowest_waited()
        fi;
        END_STEP }
    :: d_step { /* over: seq */
        xpc == X_OVSEQ ->
        if
        :: L[ov].bseq != 0 ->
            L[ov].xw = 0; L[ov].bseq = 0; L[ov].bgen = 0
        :: else
        fi;
        ov++; lowest_waited(); END_STEP }
    :: d_step { /* over: floor */
        xpc == X_OVFLOOR && BARRIER_XEN_B ->
        fw = fw && floor < done;
        publish_waited(S_WAITED2, S_FW2);
        if
        :: fw -> xpc = X_SETTLE
        :: else -> a = NOFLOOR; settle()
        fi;
        END_STEP }
    :: d_step { /* drained */
        xpc == X_SETTLE -> a = floor; settle(); END_STEP }
    :: d_step { /* unlock */
        xpc == X_UNLOCK && xbuf == 0 -> leave(); END_STEP }
    fi
}
