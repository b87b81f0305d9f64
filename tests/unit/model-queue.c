/* SPDX-License-Identifier: GPL-2.0-only */
/* The queue of the guest in test-model.c. */
#include <inttypes.h>

#include "model.h"

#define NR_WAITS 100

enum model_queue model_queue;

static struct {
    bool pending;
    uint32_t status;            /* what is going to be written */
    uint64_t written;           /* the latest invalidation before it */
} waits[NR_WAITS];
static uint32_t last_status;
static uint64_t inv_written;    /* the latest one in the queue */

static unsigned long nr_descs, nr_completed, nr_errors, nr_lost, nr_switched;

void model_queue_init(void)
{
    memset(waits, 0, sizeof(waits));
    model_queue = OFF;
}

void model_queue_report(void)
{
    print_message("# %lu descriptors, %lu completed, %lu lost, %lu errors, "
                  "%lu times enabled\n", nr_descs, nr_completed, nr_lost,
                  nr_errors, nr_switched);
    assert_true(nr_completed > model_steps / 100 &&
                nr_lost > model_steps / 1000 && nr_errors > model_steps / 1000);
}

static uint64_t status_of(unsigned int n)
{
    return Q_STATUS + 8 * n;
}

static void look_at_wait(unsigned int n)
{
    uint64_t val = fake_peek(status_of(n));

    check(!val || (waits[n].pending && val == waits[n].status),
          "step %" PRIu64 ": status %u is %" PRIu64 ", not %u", model_steps, n,
          val, waits[n].status);
    if ( !val )
        return;

    fake_poke(status_of(n), 0);
    waits[n].pending = false;
    if ( waits[n].written > model_covered )
        model_covered = waits[n].written;
    nr_completed++;
}

/*
 * Some drivers take it for completion that IQH has come to IQT.  They put no
 * wait descriptors.
 */
static bool unwaited;

static void look_at_head(void)
{
    if ( unwaited && model_queue == ON && (r32(R_GSTS) & QIE) && !(r32(R_FSTS) & IQE) &&
         q_head_unseen() == q.tail && inv_written > model_covered )
        model_covered = inv_written;
}

void model_look(void)
{
    unsigned int n;

    look_at_head();
    for ( n = 0; n < NR_WAITS; n++ )
        look_at_wait(n);
}

bool model_pending(void)
{
    unsigned int n;

    for ( n = 0; n < NR_WAITS; n++ )
        if ( waits[n].pending )
            return true;

    return false;
}

/* A batch: invalidations and waits, rarely something that is wrong. */
static void submit(void)
{
    unsigned int n = rnd(32) ? 1 + rnd(5) : 20 + rnd(60), i, nr_inv = 0;
    unsigned int events, head;
    bool plain, waits_for_dm, told, held = false;

    model_look();
    head = q_head();
    unwaited &= head != q.tail;
    if ( n > (head - q.tail - 1) % q.entries )
        return;
    /* Nothing is in the way of this batch, and all of it is one slice. */
    plain = head == q.tail && !model_pending() && n <= Q_SLICE &&
            (r32(R_GSTS) & QIE) && !(r32(R_FSTS) & IQE);
    waits_for_dm = model_owes();
    told = model_told();
    events = fake.count[FAKE_NOTIFY];

    for ( i = 0; i < n; i++ )
    {
        unsigned int w = rnd(NR_WAITS);

        if ( !rnd(200) )
        {
            q_put(rnd(2) ? 0 : D_TLB(0), 0);
            plain = false;
        }
        else if ( rnd(2) || waits[w].pending )
        {
            q_put(rnd(4) ? D_TLB(1 + rnd(3)) : D_CC(1 + rnd(3)), 0);
            inv_written = model_steps;
            nr_inv++;
            unwaited = true;
        }
        else
        {
            bool fence = !rnd(8);

            if ( fence && i < n - 1 )
                plain = false;
            waits[w].pending = true;
            waits[w].status = ++last_status;
            waits[w].written = inv_written;
            held |= nr_inv;
            unwaited = false;
            q_put(D_WAIT | W_SW | (fence ? W_FN : 0) | (rnd(2) ? W_IF : 0) |
                  W_DATA(last_status), status_of(w));
        }
    }
    nr_descs += n;
    q_submit();

    if ( !plain )
        return;
    assert_true((q_head_unseen() == q.tail) == !(waits_for_dm && unwaited));
    if ( waits_for_dm && (held || unwaited) )
    {
        assert_in_range(fake.count[FAKE_NOTIFY], events + !told, events + 1);
        assert_false(held && model_ring_empty());
    }
    else if ( model_alive && !waits_for_dm )
    {
        assert_int_equal(fake.count[FAKE_NOTIFY], events);
        assert_true(model_ring_empty());
        model_look();
        assert_false(model_pending());
    }
}

/* On, off, or a look at whether it is off. */
static void switch_queue(void)
{
    unsigned int n;

    switch ( model_queue )
    {
    case OFF:
        w32(R_FSTS, IQE);
        q = (struct q){ .base = Q_BASE, .entries = 256 };
        inv_written = 0;
        w64(R_IQT, 0);
        w64(R_IQA, Q_BASE);
        model_queue = ON;
        w32(R_GCMD, model_gcmd());
        nr_switched++;
        break;

    case ON:
        if ( rnd(50) )
            break;
        model_queue = GOING_OFF;
        w32(R_GCMD, model_gcmd());
        break;

    case GOING_OFF:
        if ( r32(R_GSTS) & QIE )
            break;
        model_queue = OFF;
        /* What is not complete now never will be. */
        model_look();
        for ( n = 0; n < NR_WAITS; n++ )
        {
            nr_lost += waits[n].pending;
            waits[n].pending = false;
        }
        break;
    }
}

/* The queue has stopped: put something harmless in place of the offender. */
void model_recover(void)
{
    if ( model_queue != ON || !(r32(R_FSTS) & IQE) )
        return;

    q_put_at(q_head(), D_WAIT, 0);
    unwaited = false;
    w32(R_FSTS, IQE);
    nr_errors++;
}

void model_guest_queue(void)
{
    switch ( rnd(16) )
    {
    case 0: case 1: case 2: case 3: case 4:
        if ( model_queue == ON )
            submit();
        break;
    case 5:
        switch_queue();
        break;
    case 6:
        model_recover();
        break;
    case 7:
        w32(R_ICS, IWC);
        w32(R_IECTL, rnd(2) ? IM : 0);
        break;
    case 8: case 9:
        /* On the way back to the guest. */
        if ( unit_more )
            unit_more = viommu_continue(viommu);
        break;
    case 10:
        /* The timer. */
        fake.kicked = false;
        if ( fake.watching )
            viommu_tick(viommu);
        unit_more |= fake.kicked;
        break;
    default:
        look_at_wait(rnd(NR_WAITS));
        break;
    }
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
