/* SPDX-License-Identifier: GPL-2.0-only */
/* Fault records, and the two events. */
#include "ref.h"

static void send(unsigned int cause, uint32_t addr, uint32_t upper,
                 uint32_t data)
{
    unsigned int mode = (data / 256) % 8;

    /* Fixed or lowest priority, to a local APIC: anything else is dropped. */
    if ( addr < 0xfee00000 || addr > 0xfeefffff || (mode != 0 && mode != 1) )
        return;

    ref.msi[cause].raised = true;
    ref.msi[cause].addr = addr | (uint64_t)upper << 32;
    ref.msi[cause].data = data;
}

bool ref_ppf(void)
{
    for ( unsigned int i = 0; i < 8; i++ )
        if ( ref.record[i].full )
            return true;
    return false;
}

static bool any_fault_condition(void)
{
    return ref.pfo || ref_ppf() || ref.iqe || ref.ice || ref.ite;
}

/* A condition has come up where there was none. */
static void fault_event(void)
{
    if ( ref.fe_masked || ref.frozen )
        ref.fe_pending = true;
    else
    {
        ref.fe_pending = false;
        send(0, ref.feaddr, ref.feuaddr, ref.fedata);
    }
}

void ref_fault(unsigned int rid, uint64_t iova, unsigned int reason,
               bool is_write)
{
    struct ref_record new = {
        .address = iova / 4096 * 4096, .source = rid, .reason = reason,
        .read = !is_write, .full = true,
    };
    struct ref_record *last = &ref.record[(ref.next_record + 7) % 8];
    struct ref_record *next = &ref.record[ref.next_record];
    bool before = any_fault_condition(), ppf = ref_ppf();

    if ( ref.pfo )
    {
        ref.nr_lost++;
        return;
    }

    /* The same as the last one, which is still there: the same fault. */
    if ( last->full && last->address == new.address &&
         last->source == new.source && last->reason == new.reason &&
         last->read == new.read )
        return;

    if ( next->full )
    {
        ref.nr_lost++;
        ref.pfo = true;
    }
    else
    {
        *next = new;
        if ( !ppf )
            ref.fri = ref.next_record;
        ref.next_record = (ref.next_record + 1) % 8;
    }
    if ( !before )
        fault_event();
}

void ref_queue_error(unsigned int code)
{
    bool before = any_fault_condition();

    ref.nr_errors++;
    ref.iqe = true;
    ref.iqei = code;
    if ( !before )
        fault_event();
}

void ref_fault_registers_written(void)
{
    if ( !any_fault_condition() )
        ref.fe_pending = false;
    else if ( ref.fe_pending && !ref.fe_masked )
        fault_event();
}

static void wait_event(void)
{
    if ( ref.ie_masked || ref.frozen )
        ref.ie_pending = true;
    else
    {
        ref.ie_pending = false;
        send(1, ref.ieaddr, ref.ieuaddr, ref.iedata);
    }
}

void ref_wait_event(void)
{
    if ( ref.iwc )
        return;
    ref.iwc = true;
    wait_event();
}

void ref_wait_registers_written(void)
{
    if ( !ref.iwc )
        ref.ie_pending = false;
    else if ( ref.ie_pending && !ref.ie_masked )
        wait_event();
}

void ref_send_pending(void)
{
    if ( ref.fe_pending && !ref.fe_masked )
        fault_event();
    if ( ref.ie_pending && !ref.ie_masked )
        wait_event();
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
